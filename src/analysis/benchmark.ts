import { checkInteger, checkKeys, checkSize } from "../check.ts";
import { checkPredictor, type Predictor } from "../inference/predictor.ts";
import { createRandom } from "../random.ts";

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

/** Times of a model, in milliseconds. */
export interface BenchmarkResult {
  /** The network, from a photo's bytes to raw scores at the decoder's resolution. The paper times this. */
  readonly forward: Times;
  /** Scores to label map. */
  readonly postprocess: Times;
}

/** Options of `benchmark`. */
export interface BenchmarkOptions {
  /** Height and width of the photo, in pixels. */
  size: readonly [height: number, width: number];
  /** Runs that count, at least 1. */
  runs: number;
  /** Runs before them that do not, 0 or more. */
  warmup: number;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Times a model by the paper's protocol (Sec. 4): random inputs, batch 1, mean and standard deviation.
 *
 * Call it once a process: large sessions that were open before slow later ones down.
 *
 * @throws LightsegError INVALID_ARGUMENT for a number of runs out of range, RUNTIME if the engine fails
 */
export async function benchmark(predictor: Predictor, options: BenchmarkOptions): Promise<BenchmarkResult> {
  checkPredictor(predictor, "benchmark");
  checkKeys(options, ["size", "runs", "warmup", "onProgress"], "benchmark");
  checkSize(options.size, "benchmark");
  const {
    size: [height, width],
    runs,
    warmup,
    onProgress,
  } = options;
  checkInteger(runs, "benchmark", "runs");
  checkInteger(warmup, "benchmark", "warmup", 0);
  const random = createRandom(0);
  const data = Uint8Array.from({ length: 3 * width * height }, () => 256 * random());
  const photo = { width, height, data };
  const times: Record<keyof BenchmarkResult, number[]> = { forward: [], postprocess: [] };
  for (let run = 0; run < warmup + runs; run++) {
    const start = performance.now();
    const scores = await predictor.predict(photo);
    const passed = performance.now();
    predictor.chooseLabels(scores, photo);
    const finished = performance.now();
    onProgress?.(run + 1, warmup + runs);
    if (run < warmup) continue;
    times.forward.push(passed - start);
    times.postprocess.push(finished - passed);
  }
  return { forward: summarize(times.forward), postprocess: summarize(times.postprocess) };
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
