import type { Random } from "../random.ts";
import type { TensorData } from "../runtime/session.ts";

export interface OcclusionOptions {
  /** Runs the network on a normalized photo `[1, 3, H, W]`, up to the map. */
  run(image: Float32Array<ArrayBuffer>): Promise<TensorData>;
  /** Height and width of the photo, in pixels. */
  size: readonly [height: number, width: number];
  /** Places in the data of the map that are watched. */
  places: readonly number[];
  /** Side of the square occluder, in pixels. */
  occluder: number;
  /** Pixels from one place of the occluder to the next. */
  step: number;
  random: Random;
  /** Called after each run. */
  onRun?: () => void;
}

/**
 * Discrepancy maps (Zhou et al. 2015, Sec. 3.2): how far the value of a unit falls or rises when a square of
 * random pixels hides a part of the photo, as a share of the value. Each pixel has the mean over the
 * occluders that hide it.
 *
 * @returns a map `[H, W]` for each place
 */
export async function measureDiscrepancy(
  image: Float32Array,
  { run, size: [height, width], places, occluder, step, random, onRun }: OcclusionOptions,
): Promise<Float32Array[]> {
  const whole = (await run(Float32Array.from(image))).data;
  const sums = places.map(() => new Float64Array(height * width));
  const counts = new Uint32Array(height * width);
  // Uniform in -2..2: inputs are normalized, so this spans two standard deviations around the mean.
  const noise = Float32Array.from({ length: 3 * occluder * occluder }, () => 4 * random() - 2);
  for (const top of placesAlong(height, occluder, step))
    for (const left of placesAlong(width, occluder, step)) {
      const hidden = Float32Array.from(image);
      for (let channel = 0; channel < 3; channel++)
        for (let row = 0; row < occluder; row++) {
          const from = (channel * occluder + row) * occluder;
          hidden.set(noise.subarray(from, from + occluder), (channel * height + top + row) * width + left);
        }
      const { data } = await run(hidden);
      onRun?.();
      const changes = places.map((place) => {
        const before = whole[place] ?? 0;
        return Math.abs((data[place] ?? 0) - before) / Math.max(Math.abs(before), Number.EPSILON);
      });
      for (let row = top; row < top + occluder; row++)
        for (let column = left; column < left + occluder; column++) {
          const at = row * width + column;
          counts[at] = (counts[at] ?? 0) + 1;
          for (const [index, change] of changes.entries()) {
            const sum = sums[index];
            if (sum) sum[at] = (sum[at] ?? 0) + change;
          }
        }
    }
  return sums.map((sum) => Float32Array.from(sum, (value, at) => value / Math.max(1, counts[at] ?? 0)));
}

/** Runs that a photo takes, beside the one without occluder. */
export function countOcclusions(
  [height, width]: readonly [height: number, width: number],
  { occluder, step }: { occluder: number; step: number },
): number {
  return placesAlong(height, occluder, step).length * placesAlong(width, occluder, step).length;
}

/** From edge to edge; the last place is moved inwards so that it ends at the edge. */
function placesAlong(size: number, occluder: number, step: number): number[] {
  const places: number[] = [];
  for (let start = 0; start < size - occluder; start += step) places.push(start);
  return [...places, size - occluder];
}
