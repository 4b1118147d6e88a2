/**
 * Teaching by strokes in a page (Chromium, WebAssembly): seconds from the call of `fineTune` to the first
 * step and to the end, of a step, and from one model for a preview to the next, beside the forward passes of
 * the network that was taught.
 *
 * Pictures are frames of CamVid's training split at 640x480 with strokes that a program drew. The page has
 * segmented a picture before, so that the engine is there; the encoder is downloaded, from this machine. With
 * --new the page is new: the engine is downloaded and compiled too.
 *
 * npx tsx bench/teach-page.ts --data CAMVID [--frames 5] [--rounds 2] [--new] [--json]
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { resizeLabels, resizePhoto } from "../src/images/resample.ts";
import { callPage, openPage, sendable, startBrowser } from "../test/browser/browser.ts";
import { startServer } from "../test/browser/server.ts";
import { strokedFrames, taughtClasses } from "../test/support/teach-camvid.ts";
import { median } from "./peers.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    frames: { type: "string", default: "5" },
    rounds: { type: "string", default: "2" },
    new: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
if (values.data === undefined) throw new Error("--data CAMVID must be given");
const [WIDTH, HEIGHT] = [640, 480];
/** Steps from one preview to the next. */
const MODEL_EVERY = 12;

const frames = await strokedFrames(values.data, Number(values.frames), 1);
const samples = frames.map(({ photo, labels }) => ({
  picture: sendable(resizePhoto(photo, WIDTH, HEIGHT)),
  labels: sendable(resizeLabels(labels, WIDTH, HEIGHT)),
}));
const classes = Object.keys(taughtClasses).map((name) => ({ name }));
const server = await startServer({ isolated: true });
const browser = await startBrowser();
const rounds = [];
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    const page = await openPage({ browser, server });
    if (!values.new)
      await callPage(page, "segmentPhotos", [samples[0]?.picture], { model: "voc", device: "wasm" });
    const { times } = await callPage<{ times: number[] }>(page, "teach", samples, {
      ...{ classes, device: "wasm", modelEvery: MODEL_EVERY },
    });
    const passes = await callPage<number[]>(page, "timeTaught", samples[0]?.picture);
    // The last is the end of the call.
    const steps = differences(times.slice(0, -1));
    const previews = differences(times.slice(0, -1).filter((_, index) => (index + 1) % MODEL_EVERY === 0));
    rounds.push({
      firstStep: (times[0] ?? 0) / 1000,
      step: median(steps) / 1000,
      preview: median(previews) / 1000,
      end: (times.at(-1) ?? 0) / 1000,
      pass: median(passes) / 1000,
    });
    await page.context().close();
  }
} finally {
  await browser.close();
  await server.close();
}
const cpu = cpus()[0]?.model;
if (values.json)
  console.log(JSON.stringify({ cpu, threads: cpus().length, ...values, rounds }, undefined, 2));
else {
  console.log(`${cpu}, ${cpus().length} threads, ${frames.length} pictures of ${WIDTH}x${HEIGHT}`);
  for (const { firstStep, step, preview, end, pass } of rounds)
    console.log(
      `first step after ${firstStep.toFixed(1)} s, a step ${step.toFixed(3)} s, a preview each ${preview.toFixed(1)} s, end after ${end.toFixed(1)} s; a forward pass ${pass.toFixed(3)} s`,
    );
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => value - (values[index] ?? 0));
}
