import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import { readConfig } from "../../src/runs/run-folder.ts";
import { runCli } from "../cli/run-cli.ts";
import { writeCamvid } from "../support/camvid.ts";
import {
  writeCoco,
  writeNyudv2Lists,
  writeNyudv2Mat,
  writePersonPart,
  writeSbd,
  writeVoc,
} from "../support/layouts.ts";
import { testPhoto } from "../support/model.ts";

const record = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("step"),
    step: z.number(),
    epoch: z.number(),
    loss: z.number(),
    learningRate: z.array(z.number()),
  }),
  z.object({ kind: z.literal("validation"), step: z.number(), miou: z.number() }),
]);

let folder = "";
const file = (...names: string[]) => join(folder, ...names);
const runFile = (...names: string[]) => file("runs", ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-recipes-"));
  await Promise.all([
    writeNyudv2Lists(file("lists")),
    writeNyudv2Mat(file("mat")),
    writePersonPart(file("person-part")),
    writeCoco(file("coco")),
    writeSbd(file("sbd")),
    writeVoc(file("voc")),
    writeCamvid(file("camvid"), (pixel) => pixel % 12),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

/** Only shrinks what a recipe says: the network, the crops, the batch and how long it takes. */
const shrink = (run: string) => [
  ...["train", "--run", runFile(run), "--model", "ndnet29-fcn32", "--crop", "32x32", "--batch", "2"],
  ...["--threads", "1"],
];

async function readLog(run: string) {
  const lines = (await readFile(runFile(run, "log.jsonl"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => record.parse(JSON.parse(line)));
}

async function stepsOf(run: string) {
  return (await readLog(run)).flatMap((entry) => (entry.kind === "step" ? [entry] : []));
}

interface Run {
  readonly recipe: string;
  /** Of `--data`. */
  readonly data: () => string;
  /** How the training is shortened. */
  readonly typed: readonly string[];
  /** Of the encoder, step by step. */
  readonly rates: readonly number[];
  /** The decoder's rate as a multiple of the encoder's. */
  readonly decoder: number;
  /** The steps after which it validates. */
  readonly validated: readonly number[];
  readonly classes: number;
}

/** Three epochs of two steps in place of 300; what has three stages has one epoch in each. */
const threeEpochs = ["--epochs", "3", "--schedule", "stages:1,2:1,0.5,0.25"];
const oneEpoch = ["--epochs", "1"];
const halvedTwice = [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4];

const runs: readonly Run[] = [
  {
    recipe: "nyudv2",
    data: () => file("lists"),
    typed: threeEpochs,
    rates: halvedTwice,
    decoder: 10,
    validated: [6],
    classes: 40,
  },
  {
    recipe: "nyudv2-code",
    data: () => file("mat"),
    typed: oneEpoch,
    rates: [1e-3, 1e-3, 5e-4, 5e-4, 2e-4, 2e-4],
    decoder: 10,
    validated: [2, 4, 6],
    classes: 40,
  },
  {
    recipe: "person-part",
    data: () => file("person-part"),
    typed: threeEpochs,
    rates: halvedTwice,
    decoder: 10,
    validated: [6],
    classes: 7,
  },
  {
    recipe: "voc",
    data: () => `coco=${file("coco")},sbd=${file("sbd")},voc=${file("voc")}`,
    typed: oneEpoch,
    rates: halvedTwice,
    decoder: 10,
    validated: [2, 4, 6],
    classes: 21,
  },
  {
    recipe: "camvid",
    data: () => file("camvid"),
    typed: oneEpoch,
    // Four steps of the hundred over which the rates grow, while they fall to 0 by the power 0.9.
    rates: [1, 2, 3, 4].map((step) => 3e-4 * (step / 100) * (1 - (step - 1) / 4) ** 0.9),
    decoder: 5,
    validated: [4],
    classes: 11,
  },
];

describe("recipes run to the end", { timeout: 300_000 }, () => {
  it.each(runs)("$recipe", async ({ recipe, data, typed, rates, decoder, validated, classes }) => {
    const { code, stdout, stderr } = await runCli([
      ...shrink(recipe),
      ...["--recipe", recipe, "--data", data(), ...typed],
    ]);
    expect(stderr).not.toContain("lightseg train:");
    expect(code).toBe(0);
    expect(stdout).toContain(`finished after step ${rates.length}`);

    const steps = await stepsOf(recipe);
    expect(steps.map(({ step }) => step)).toEqual(rates.map((_, index) => index + 1));
    for (const [index, { loss, learningRate }] of steps.entries()) {
      const rate = rates[index] ?? Number.NaN;
      expect(learningRate[0], `encoder, step ${index + 1}`).toBeCloseTo(rate, 10);
      expect(learningRate[1], `decoder, step ${index + 1}`).toBeCloseTo(decoder * rate, 10);
      expect(loss).toBeGreaterThan(0);
    }
    const validations = (await readLog(recipe)).filter(({ kind }) => kind === "validation");
    expect(validations.map(({ step }) => step)).toEqual(validated);

    const config = await readConfig(runFile(recipe, "config.json"));
    expect(config).toMatchObject({ recipe, network: "ndnet29-fcn32", crop: [32, 32], batch: 2 });
    expect(existsSync(runFile(recipe, "report.html"))).toBe(true);

    await using segmenter = await Segmenter.load(runFile(recipe, "best.safetensors"), { threads: 1 });
    const found = await segmenter.segment(testPhoto(40, 32));
    expect(found.classes).toHaveLength(classes);
    expect(found.labels.every((label) => label < classes)).toBe(true);
  });

  it("voc trains on COCO, SBD without the photos of VOC's validation, and VOC, and its config.json repeats it", async () => {
    const { code, stderr } = await runCli([
      ...["train", "--config", runFile("voc", "config.json"), "--run", runFile("voc again")],
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain("1 photo of sbd train left out: also in voc val");
    expect(stderr).toMatch(
      /stage 1 of 3: coco train, steps 0 to 2;.*stage 2 of 3: sbd train, steps 2 to 4;.*stage 3 of 3: voc train, steps 4 to 6;/s,
    );
    const losses = async (run: string) => (await stepsOf(run)).map(({ loss }) => loss);
    expect(await losses("voc again")).toEqual(await losses("voc"));
    const [config, again] = await Promise.all(
      ["voc", "voc again"].map((run) => readFile(runFile(run, "config.json"), "utf8")),
    );
    expect(again).toBe(config);
  });
});
