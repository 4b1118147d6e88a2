import { findDataset } from "../../src/datasets/index.ts";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import { createRandom } from "../../src/random.ts";
import { fineTune } from "../../src/teaching/node/fine-tune.ts";
import type { Layers } from "../../src/teaching/options.ts";
import type { LabelledPhoto } from "../../src/training/samples.ts";
import { drawStrokes } from "./draw-strokes.ts";

/** Classes to teach, by their labels in CamVid. */
export const taughtClasses = { road: 3, sky: 0, building: 1, tree: 5, car: 8, pavement: 4 } as const;
const labels: readonly number[] = Object.values(taughtClasses);

/** A class is worth a stroke from this share of a frame on. */
const VISIBLE = 0.01;
const TEST_FRAMES = 20;

export interface TeachCamvidOptions {
  frames: number;
  layers?: Layers | undefined;
  base?: string | undefined;
  steps?: number | undefined;
  seed?: number;
  threads?: number;
}

/** Teaches six classes of CamVid by strokes on frames with all of them, and measures 20 frames of val. */
export async function teachCamvid(folder: string, options: TeachCamvidOptions) {
  const { frames, layers, base, steps, seed = 1, threads } = options;
  const samples = await strokedFrames(folder, frames, seed);
  const start = performance.now();
  const taught = await fineTune({
    classes: Object.keys(taughtClasses).map((name) => ({ name })),
    samples: samples.map(({ photo, labels }) => ({ picture: photo, labels })),
    ...{ layers, base, steps, threads, device: "cpu" },
  });
  const seconds = (performance.now() - start) / 1000;
  const pixels = samples.flatMap(({ labels }) => [...labels.data]);
  const segmenter = await Segmenter.load(taught.toBlob(), { device: "cpu", threads });
  try {
    return {
      taught,
      seconds,
      labelled: pixels.filter((label) => label !== 255).length / pixels.length,
      ...(await measure(folder, async (photo) => (await segmenter.segment(photo)).labels)),
    };
  } finally {
    await segmenter.dispose();
  }
}

/** Frames spread over those of the training split that show all six classes, with strokes for labels. */
export async function strokedFrames(folder: string, count: number, seed: number): Promise<LabelledPhoto[]> {
  const dataset = await (await findDataset("camvid")).open(folder, "train");
  const random = createRandom(seed);
  const found: LabelledPhoto[] = [];
  const every = dataset.size / count;
  for (let index = 0; index < count; index++) {
    for (let next = Math.floor((index + 0.5) * every); next < dataset.size; next++) {
      const { photo, labels: truth } = await dataset.load(next);
      if (!labels.every((label) => shareOf(truth.data, label) >= VISIBLE)) continue;
      const strokes = drawStrokes(truth, { classes: labels, share: 0.01, random });
      const data = strokes.data.map((label) => (label === 255 ? 255 : labels.indexOf(label)));
      found.push({ photo, labels: { ...strokes, data } });
      break;
    }
  }
  return found;
}

/** Mean IoU of the six classes over 20 frames of val; pixels of other classes do not count. */
export async function measure(
  folder: string,
  segment: (photo: LabelledPhoto["photo"]) => Promise<Uint8Array>,
): Promise<{ miou: number; iou: Record<string, number> }> {
  const dataset = await (await findDataset("camvid")).open(folder, "val");
  const both = new Float64Array(labels.length);
  const either = new Float64Array(labels.length);
  for (let frame = 0; frame < TEST_FRAMES; frame++) {
    const { photo, labels: truth } = await dataset.load(frame * Math.floor(dataset.size / TEST_FRAMES));
    const predicted = await segment(photo);
    for (const [pixel, label] of truth.data.entries()) {
      const expected = labels.indexOf(label);
      const found = predicted[pixel] ?? 0;
      if (expected < 0) continue;
      either[expected] = (either[expected] ?? 0) + 1;
      if (found === expected) both[expected] = (both[expected] ?? 0) + 1;
      else either[found] = (either[found] ?? 0) + 1;
    }
  }
  const iou = Object.keys(taughtClasses).map(
    (name, index) => [name, (both[index] ?? 0) / (either[index] || 1)] as const,
  );
  return { miou: iou.reduce((sum, [, value]) => sum + value, 0) / iou.length, iou: Object.fromEntries(iou) };
}

function shareOf(data: ArrayLike<number>, label: number): number {
  let count = 0;
  for (let pixel = 0; pixel < data.length; pixel++) if (data[pixel] === label) count++;
  return count / data.length;
}
