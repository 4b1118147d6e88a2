import { IGNORE_LABEL } from "../images/palette.ts";
import type { TensorData } from "../runtime/session.ts";
import { shrinkLabelled } from "../teaching/fit-photos.ts";
import type { StepInputs } from "../training/batches.ts";
import type { Samples } from "../training/samples.ts";

/** Shrinks photos as they are read, so that no side is longer than `longSide`. */
export function fitWithin(samples: Samples, longSide: number): Samples {
  return {
    size: samples.size,
    load: async (index) => shrinkLabelled(await samples.load(index), longSide),
  };
}

/** The segmentation heads learn from every fourth label of every fourth row. */
export const TARGET_STRIDE = 4;

/** Every fourth label of every fourth row: int32 `[1, H, W]` to `[1, ceil(H / 4), ceil(W / 4)]`. */
export function subsample({ data, shape: [, height = 0, width = 0] }: TensorData): TensorData {
  const [rows, columns] = [Math.ceil(height / TARGET_STRIDE), Math.ceil(width / TARGET_STRIDE)];
  const part = Int32Array.from({ length: rows * columns }, (_, at) => {
    const row = TARGET_STRIDE * Math.floor(at / columns);
    return data[row * width + TARGET_STRIDE * (at % columns)] ?? IGNORE_LABEL;
  });
  return { data: part, shape: [1, rows, columns] };
}

/** Photos as one batch. */
export function stack(photos: readonly StepInputs[]): StepInputs {
  const [first] = photos;
  if (!first) throw new RangeError("a batch needs photos");
  const join = (name: string): TensorData => {
    const parts = photos.flatMap((photo) => photo[name] ?? []);
    const [{ shape, data } = first.target] = parts;
    const all =
      data instanceof Int32Array
        ? new Int32Array(parts.length * data.length)
        : new Float32Array(parts.length * data.length);
    for (const [index, part] of parts.entries()) all.set(part.data, index * data.length);
    return { data: all, shape: [parts.length, ...shape.slice(1)] };
  };
  return {
    ...Object.fromEntries(Object.keys(first).map((name) => [name, join(name)])),
    target: join("target"),
  };
}
