/**
 * Teaching by strokes in a page (Chromium, WebAssembly): seconds from the call of `fineTune` to the first
 * step, to each model for a preview, and to the end, beside the forward passes of the network that was
 * taught.
 *
 * Pictures are frames of CamVid's training split at 640x480 with strokes that a program drew. The page is
 * new: engine and encoder are downloaded, from this machine.
 *
 * npx tsx bench/teach-page.ts --data CAMVID [--frames 5] [--rounds 2] [--json]
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
    json: { type: "boolean", default: false },
  },
});
if (values.data === undefined) throw new Error("--data CAMVID must be given");
const [WIDTH, HEIGHT] = [640, 480];

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
    const { times } = await callPage<{ times: number[] }>(page, "teach", samples, {
      ...{ classes, device: "wasm", modelEvery: 12 },
    });
    const passes = await callPage<number[]>(page, "timeTaught", samples[0]?.picture);
    const steps = times.slice(1, -1).map((time, index) => time - (times[index] ?? 0));
    rounds.push({
      firstStep: (times[0] ?? 0) / 1000,
      step: median(steps) / 1000,
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
  for (const { firstStep, step, end, pass } of rounds)
    console.log(
      `first step after ${firstStep.toFixed(1)} s, a step ${step.toFixed(3)} s, end after ${end.toFixed(1)} s; a forward pass ${pass.toFixed(3)} s`,
    );
}
