import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { bestClass } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import type { Photo } from "../images/types.ts";
import { buildNetwork } from "../models/network.ts";
import { normalizeInto, type Preprocessing } from "../models/preprocessing.ts";
import { createRandom } from "../random.ts";
import type { OpenSession, TensorData } from "../runtime/session.ts";

/** How long the runs took, in milliseconds. */
export interface Times {
  readonly mean: number;
  /** Of the sample (divided by runs - 1), as numpy's `std(ddof=1)`; 0 for a single run. */
  readonly deviation: number;
  readonly median: number;
  /** 95 % of the runs took at most this. */
  readonly p95: number;
  readonly min: number;
}

export interface BenchmarkResult {
  /** Photo bytes to normalised tensor. */
  readonly preprocess: Times;
  /** The network: tensor to raw scores at the decoder's resolution, which is what the paper times. */
  readonly forward: Times;
  /** Scores to label map: upsampling to the photo's size and choice of the best class. */
  readonly postprocess: Times;
}

export interface BenchmarkOptions {
  network: string;
  classes: number;
  preprocessing: Preprocessing;
  /** Value of each parameter, by name. */
  weights: (name: string) => Float32Array;
  /** Height and width of the input, in pixels. */
  size: readonly [height: number, width: number];
  /** Runs that count. */
  runs: number;
  /** Runs before them that do not. */
  warmup: number;
  open: OpenSession;
  threads?: number;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Times a network by the paper's protocol (Sec. 4): passes on random inputs, batch 1, mean and standard deviation.
 *
 * Call it once a process: large sessions that were open before slow later ones down.
 */
export async function benchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const { size, runs, warmup, open, threads, onProgress } = options;
  const { scores, labels } = buildHalves(options);
  const parameters = options.weights;
  const forward = await open(lowerToOnnx({ scores }, { parameters }), { threads });
  const finish = await open(lowerToOnnx({ labels }, { parameters }), { threads });
  const photo = randomPhoto(size);
  const times: Record<keyof BenchmarkResult, number[]> = { preprocess: [], forward: [], postprocess: [] };
  try {
    for (let run = 0; run < warmup + runs; run++) {
      const start = performance.now();
      const image = normalize(photo, options.preprocessing);
      const prepared = performance.now();
      const output = await forward.run({ image });
      const passed = performance.now();
      if (!output.scores) throw new TypeError("the network gave no scores");
      await finish.run({ scores: output.scores });
      const finished = performance.now();
      onProgress?.(run + 1, warmup + runs);
      if (run < warmup) continue;
      times.preprocess.push(prepared - start);
      times.forward.push(passed - prepared);
      times.postprocess.push(finished - passed);
    }
  } finally {
    await Promise.all([forward.dispose(), finish.dispose()]);
  }
  return {
    preprocess: summarize(times.preprocess),
    forward: summarize(times.forward),
    postprocess: summarize(times.postprocess),
  };
}

/** The network, and what follows it, as two graphs that are timed apart. */
function buildHalves({ network: name, classes, size }: BenchmarkOptions): { scores: Tensor; labels: Tensor } {
  const { scores, alignCorners } = buildNetwork({ network: name, classes, size: [1, ...size] });
  const raw = input("scores", scores.shape);
  return {
    scores: foldBatchNorm([scores])(scores),
    labels: bestClass(resize(raw, { size, alignCorners })),
  };
}

function randomPhoto([height, width]: BenchmarkOptions["size"]): Photo {
  const random = createRandom(0);
  return { width, height, data: Uint8Array.from({ length: 3 * width * height }, () => 256 * random()) };
}

function normalize(photo: Photo, preprocessing: Preprocessing): TensorData {
  const data = new Float32Array(photo.data.length);
  normalizeInto(photo, preprocessing, data, 0);
  return { data, dims: [1, 3, photo.height, photo.width] };
}

/** Mean, spread and order statistics of times, of which there must be one at least. */
export function summarize(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  const count = sorted.length;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const mean = sorted.reduce((sum, time) => sum + time, 0) / count;
  const squares = sorted.reduce((sum, time) => sum + (time - mean) ** 2, 0);
  return {
    mean,
    deviation: Math.sqrt(squares / Math.max(1, count - 1)),
    median: (at(Math.floor((count - 1) / 2)) + at(Math.floor(count / 2))) / 2,
    p95: at(Math.ceil(0.95 * count) - 1),
    min: at(0),
  };
}
