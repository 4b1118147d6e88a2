/**
 * Teaching by strokes, simulated on CamVid: a program draws strokes from the true masks of a few training
 * frames (at most 1 % of the pixels), `fineTune` learns from them, and 20 frames of val are measured.
 *
 * npx tsx bench/teach.ts --data CAMVID [--frames 1,3,5,10] [--layers head] [--base imagenet] [--seed 1]
 * [--threads 2] [--json]
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { formatTable } from "../src/format-table.ts";
import { teachCamvid } from "../test/support/teach-camvid.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    frames: { type: "string", default: "1,3,5,10" },
    layers: { type: "string", default: "head" },
    base: { type: "string", default: "imagenet" },
    seed: { type: "string", default: "1" },
    steps: { type: "string" },
    threads: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});
if (values.data === undefined) throw new Error("--data CAMVID must be given");
const layers = (["head", "decoder", "all"] as const).find((known) => known === values.layers);
if (!layers) throw new Error("--layers must be head, decoder or all");

const rows = [];
for (const frames of values.frames.split(",").map(Number)) {
  const result = await teachCamvid(values.data, {
    frames,
    ...{ layers, base: values.base, seed: Number(values.seed), threads: Number(values.threads) },
    steps: values.steps === undefined ? undefined : Number(values.steps),
  });
  rows.push({ frames, ...result });
  console.error(
    `${frames} frames: mean IoU ${(100 * result.miou).toFixed(1)}, ${result.seconds.toFixed(1)} s`,
  );
}
if (values.json) {
  console.log(JSON.stringify({ cpu: cpus()[0]?.model, ...values, rows }, undefined, 2));
} else {
  console.log(`${cpus()[0]?.model}, ${values.threads} threads, ${layers} from ${values.base}\n`);
  const names = Object.keys(rows[0]?.iou ?? {});
  console.log(
    formatTable([
      ["frames", "labelled", "seconds", "mean IoU", ...names],
      ...rows.map(({ frames, labelled, seconds, miou, iou }) => [
        ...[String(frames), `${(100 * labelled).toFixed(2)} %`, seconds.toFixed(1), (100 * miou).toFixed(1)],
        ...names.map((name) => (100 * (iou[name] ?? 0)).toFixed(1)),
      ]),
    ]),
  );
}
