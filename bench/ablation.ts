/**
 * Ablations at equal budget: networks that differ in a part, trained alike, with cost and mIoU side by side.
 *
 * - `--study refinenet`: RCU, CRP and 1x1 against 3x3 (Light-Weight RefineNet, Sec. 3.2 and 3.3)
 * - `--study ndnet`: depth and width (NDNet29, 45, 61), from scratch
 * - `--study frm`: VAN-B0 without the refinement module, and without the contrastive loss
 *
 * `--networks NAME,NAME` trains these alone, whole networks or decoders on --backbone: the original RefineNet
 * takes as long as all others together.
 *
 * npx tsx bench/ablation.ts --study refinenet --dataset voc --data VOC --out runs/ablation
 * [--set '{"epochs": 10, "crop": [320, 320]}'] [--backbone mobilenet-v2] [--device auto] [--json]
 *
 * `--set` has settings of the training as in a run's config.json, over those below.
 *
 * A run that has ended is read, not repeated: after a stop the same command goes on. `lightseg paper
 * --ablation DIR` puts the result on its page.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../src/format-table.ts";
import { isRecord } from "../src/is-record.ts";
import { isNetwork } from "../src/models/zoo.ts";
import { ABLATION_SIZE, readAblation } from "../src/paper/ablation.ts";
import { readRun } from "../src/runs/read-run.ts";
import { deviceChoices } from "../src/runtime/node/devices.ts";
import { train } from "../src/trainer/train.ts";

const { values } = parseArgs({
  options: {
    study: { type: "string", default: "refinenet" },
    networks: { type: "string" },
    dataset: { type: "string", default: "voc" },
    data: { type: "string" },
    out: { type: "string", default: "runs/ablation" },
    backbone: { type: "string", default: "mobilenet-v2" },
    set: { type: "string", default: "{}" },
    device: { type: "string", default: "auto" },
    json: { type: "boolean", default: false },
  },
});
const studies: Readonly<Record<string, { networks: readonly string[]; fromScratch?: boolean }>> = {
  refinenet: {
    networks: [
      ...["refinenet-lw-rcu", "refinenet-lw", "refinenet-lw-no-crp", "refinenet-no-rcu", "refinenet"].map(
        (decoder) => `${decoder}+${values.backbone}`,
      ),
    ],
  },
  ndnet: { networks: ["ndnet29-fcn32", "ndnet45-fcn32", "ndnet61-fcn32"], fromScratch: true },
  frm: { networks: ["frm-van-b0", "frm-no-contrast+van-b0", "frm-no-module+van-b0"], fromScratch: true },
};
const study = studies[values.study];
const device = deviceChoices.find((known) => known === values.device);
if (!study) throw new Error(`--study must be one of ${Object.keys(studies).join(", ")}`);
if (values.data === undefined) throw new Error("--data DIR must be given");
if (!device) throw new Error(`--device must be one of ${deviceChoices.join(", ")}`);
const given: unknown = JSON.parse(values.set);
if (!isRecord(given)) throw new Error("--set must be an object of settings");

const typed = values.networks
  ?.split(",")
  .map((name) => (isNetwork(name) ? name : `${name}+${values.backbone}`));
for (const network of typed ?? study.networks) {
  const run = join(values.out, network.replace("+", "-"));
  const isBegun = existsSync(join(run, "config.json"));
  if (!isBegun || (await readRun(run)).state !== "finished") {
    await train({
      run,
      resume: isBegun,
      config: {
        ...{ network, dataset: values.dataset, data: resolve(values.data) },
        ...{ epochs: 10, batch: 4, crop: [320, 320], optimizer: "adamw", weightDecay: 1e-2 },
        ...{ encoderLearningRate: study.fromScratch ? 1e-3 : 3e-4, decoderLearningRate: 1e-3, clipNorm: 2 },
        ...(study.fromScratch && { weights: "none", batchNorm: "trained", allowRandomEncoder: true }),
        ...given,
      },
      device,
      onEvent: (event) => {
        if (event.kind === "validation")
          console.error(`${network}: step ${event.step}, mean IoU ${(100 * event.miou).toFixed(1)}`);
      },
    });
  }
}

const { budget, rows } = await readAblation(values.out);
const conditions = { cpu: cpus()[0]?.model, ...values };
if (values.json) console.log(JSON.stringify({ conditions, rows }, undefined, 2));
else {
  console.log(`${values.dataset}: ${budget}`);
  console.log(
    formatTable([
      [
        "network",
        "parameters M",
        `MACs G at ${ABLATION_SIZE.join("x")}`,
        "best mIoU",
        "after each validation",
      ],
      ...rows.map(({ network, parameters, macs, miou, curve }) => [
        ...[network, (parameters / 1e6).toFixed(2), (macs / 1e9).toFixed(2), (100 * miou).toFixed(1)],
        curve.map((validation) => (100 * validation.miou).toFixed(1)).join(" "),
      ]),
    ]),
  );
}
