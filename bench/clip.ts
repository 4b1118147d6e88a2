/**
 * Frames a second of a clip, from file to labels and from file to file with the classes drawn in, with one
 * network and with several side by side, beside the network alone on one of its frames:
 * `npx tsx bench/clip.ts CLIP [--frames 60] [--rounds 3] [--json]`. The variants take turns. Needs ffmpeg.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { drawOverlay } from "../src/images/overlay.ts";
import { Segmenter } from "../src/inference/node/node-segmenter.ts";
import { shareThreads } from "../src/inference/node/share-threads.ts";
import { createPredictor } from "../src/inference/predictor.ts";
import { loadRunnableModel } from "../src/model-files/node/load.ts";
import { openNodeSession } from "../src/runtime/node/session.ts";
import { openVideo } from "../src/video/ffmpeg/open-video.ts";
import { createVideoWriter } from "../src/video/ffmpeg/video-writer.ts";
import { segmentFrames } from "../src/video/segment-frames.ts";
import { machine, median } from "./peers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const [clip = ""] = positionals;
const count = Number(values.frames);
const threads = availableParallelism();
const { model, dtype } = await loadRunnableModel();
const predictor = createPredictor(model, { open: openNodeSession, dtype, threads });
const one = await Segmenter.load(undefined, { device: "cpu", threads });
const shared = shareThreads(Number.POSITIVE_INFINITY, threads);
const several = await Segmenter.load(undefined, { device: "cpu", ...shared });
const folder = await mkdtemp(join(tmpdir(), "lightseg-bench-clip-"));

/** Frames a second, without the first: it warms up. */
async function rate(frames: AsyncIterable<unknown>): Promise<number> {
  let done = 0;
  let start = 0;
  for await (const _ of frames) {
    if (done === 0) start = performance.now();
    if (++done > count) break;
  }
  return (1000 * (done - 1)) / (performance.now() - start);
}

async function* networkAlone() {
  await using video = await openVideo(clip);
  for await (const frame of video.frames) {
    for (;;) yield predictor.predict(frame);
  }
}

async function* toLabels(segmenter: Segmenter) {
  await using video = await openVideo(clip);
  yield* segmentFrames(segmenter, video.frames);
}

async function* toFile(segmenter: Segmenter) {
  await using video = await openVideo(clip);
  const { width, height, frameRate } = video;
  const path = join(folder, "out.mp4");
  await using writer = await createVideoWriter(path, { width, height, frameRate, source: video });
  for await (const { segmentation } of segmentFrames(segmenter, video.frames)) {
    const { labels: data, photo, palette } = segmentation;
    await writer.write(drawOverlay(photo, { width, height, data }, palette, {}));
    yield;
  }
}

const variants = {
  "network alone": networkAlone,
  "to labels": () => toLabels(one),
  "to a file": () => toFile(one),
  [`to labels, ${shared.concurrency} networks`]: () => toLabels(several),
  [`to a file, ${shared.concurrency} networks`]: () => toFile(several),
};
const rates: Record<string, number[]> = {};
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, frames] of Object.entries(variants)) {
    rates[name] ??= [];
    rates[name].push(await rate(frames()));
  }
}
await Promise.all([predictor.dispose(), one.dispose(), several.dispose(), rm(folder, { recursive: true })]);

const found = Object.entries(rates).map(([name, all]) => ({ name, rate: median(all), all }));
if (values.json) console.log(JSON.stringify({ ...machine(), dtype, frames: count, found }));
else {
  const alone = found[0]?.rate ?? Number.NaN;
  console.log(
    `${model.network}, ${dtype}, ${threads} threads, ${machine().device}; ${count} frames after the first`,
  );
  for (const { name, rate } of found)
    console.log(`${name}: ${rate.toFixed(1)} frames a second (${(rate / alone).toFixed(2)})`);
}
