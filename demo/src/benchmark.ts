import type { Segmenter } from "../../src/web.ts";
import type { Job } from "./task.ts";

const SIZE = 512;
const WARMUP = 3;
const RUNS = 15;

/** Times the chosen model on a 512 x 512 picture of noise; the text says under which conditions. */
export async function runBenchmark(
  segmenter: Segmenter,
  { model, onProgress, signal }: { model: string } & Job,
): Promise<string> {
  const photo = { width: SIZE, height: SIZE, data: new Uint8Array(3 * SIZE * SIZE) };
  for (let at = 0; at < photo.data.length; at++) photo.data[at] = (at * 7919) % 251;
  const times: number[] = [];
  const splits: { preprocess: number; inference: number; postprocess: number }[] = [];
  for (let run = -WARMUP; run < RUNS; run++) {
    signal.throwIfAborted();
    const start = performance.now();
    const { timing } = await segmenter.segment(photo);
    onProgress((run + WARMUP + 1) / (WARMUP + RUNS));
    if (run < 0) continue;
    times.push(performance.now() - start);
    splits.push(timing);
  }
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const total = middle(times);
  return [
    `lightseg ${model}, ${SIZE}x${SIZE}, ${segmenter.device}, ${segmenter.dtype}`,
    ...(segmenter.budgetNote === undefined ? [] : [segmenter.budgetNote]),
    `median of ${RUNS} after ${WARMUP}: ${ms(total)}, ${(1000 / total).toFixed(1)} frames a second`,
    `  before the network ${ms(middle(splits.map(({ preprocess }) => preprocess)))}`,
    `  network            ${ms(middle(splits.map(({ inference }) => inference)))}`,
    `  after the network  ${ms(middle(splits.map(({ postprocess }) => postprocess)))}`,
    `${navigator.hardwareConcurrency} logical cores, isolated: ${crossOriginIsolated}`,
    navigator.userAgent,
  ].join("\n");
}
