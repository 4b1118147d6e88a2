/**
 * Photos a second of `runBatch`, decode and writing included, beside the network alone (batch 1, all cores),
 * by number of networks: `npx tsx bench/batch.ts [--photos 100] [--rounds 3]`. The variants take turns.
 */
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runBatch } from "../src/batch/run.ts";
import { decodePhoto } from "../src/images/node/decode.ts";
import { createPredictor } from "../src/inference/predictor.ts";
import { loadRunnableModel } from "../src/model-files/node/load.ts";
import { openNodeSession } from "../src/runtime/node/session.ts";
import { median } from "./peers.ts";

const { values } = parseArgs({
  options: { photos: { type: "string", default: "100" }, rounds: { type: "string", default: "3" } },
});
const count = Number(values.photos);
const cores = availableParallelism();
const folder = await mkdtemp(join(tmpdir(), "lightseg-bench-batch-"));
await mkdir(join(folder, "photos"));
for (let index = 0; index < count; index++)
  await copyFile("examples/coffee.jpg", join(folder, "photos", `${index}.jpg`));

const { model, dtype } = await loadRunnableModel();
const predictor = createPredictor(model, { open: openNodeSession, dtype, threads: cores });
const photo = await decodePhoto("examples/coffee.jpg");

async function networkAlone(): Promise<number> {
  await predictor.predict(photo);
  const start = performance.now();
  for (let index = 0; index < count; index++) await predictor.predict(photo);
  return (1000 * count) / (performance.now() - start);
}

let round = 0;
async function batch(concurrency: number, threads: number): Promise<number> {
  let start = 0;
  let first = 0;
  let last = 0;
  await runBatch({
    ...{ source: join(folder, "photos"), out: join(folder, `out-${round++}`), concurrency, threads },
    chunkSize: Math.max(1, Math.floor(count / (4 * concurrency))),
    onProgress({ own }) {
      last = performance.now();
      // The first photos wait for the sessions to be opened.
      if (own === 5 * concurrency) [start, first] = [last, own];
    },
  });
  return (1000 * (count - first)) / (last - start);
}

const variants = {
  [`network alone, ${cores} threads`]: networkAlone,
  [`runBatch, 1 network of ${cores} threads`]: () => batch(1, cores),
  [`runBatch, ${cores} networks of 1 thread`]: () => batch(cores, 1),
};
const speeds = new Map<string, number[]>();
for (let turn = 0; turn < Number(values.rounds); turn++)
  for (const [name, measure] of Object.entries(variants)) {
    const speed = await measure();
    speeds.set(name, [...(speeds.get(name) ?? []), speed]);
    const memory = Math.round(process.memoryUsage().rss / 1e6);
    console.log(`${name}: ${speed.toFixed(2)} photos a second, ${memory} MB`);
  }
const [base = 1] = [...speeds.values()].map((all) => median(all));
for (const [name, all] of speeds)
  console.log(`${name}: median ${median(all).toFixed(2)}, ratio ${(median(all) / base).toFixed(2)}`);
await predictor.dispose();
await rm(folder, { recursive: true });
