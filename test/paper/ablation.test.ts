import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAblation } from "../../src/paper/ablation.ts";
import { type RunFiles, validationOf, writeRun } from "../report/run-files.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lightseg-ablation-"));
});
afterAll(() => rm(root, { recursive: true }));

const validations = [validationOf(1, { sky: 0.5, road: 0.2 }), validationOf(2, { sky: 0.4, road: 0.1 })];
const finished: RunFiles = { losses: [3, 2], validations };

describe("readAblation", () => {
  it("reads the runs that have ended, by parameters, with the best and the last validation", async () => {
    const folder = join(root, "whole");
    await writeRun(join(folder, "a"), { ...finished, config: { network: "ndnet61-fcn32" } });
    await writeRun(join(folder, "b"), finished);
    await writeRun(join(folder, "begun"), { losses: [3, 2] });
    const { rows, ...rest } = await readAblation(folder);
    expect(rest).toEqual({
      dataset: "camvid",
      budget: "1 epoch, 2 steps of batch 4, crops of 256 x 256, rate 0.01",
    });
    expect(rows.map(({ network }) => network)).toEqual(["ndnet29-fcn32", "ndnet61-fcn32"]);
    expect(rows[0]).toMatchObject({
      ...{ miou: 0.35, last: 0.25, steps: 2 },
      curve: [
        { step: 1, miou: 0.35 },
        { step: 2, miou: 0.25 },
      ],
      weights: join(folder, "b", "best.safetensors"),
    });
    expect(rows[0]?.parameters).toBeGreaterThan(rows[1]?.parameters ?? 0);
  });

  it("says where the encoder was not trained", async () => {
    const folder = join(root, "frozen");
    const config = { freezeEncoder: true, weights: "models/voc" };
    await writeRun(join(folder, "a"), { ...finished, config });
    expect((await readAblation(folder)).budget).toMatch(/rate 0\.01, voc's encoder as it is$/);
  });

  it("refuses runs that differ in more than the network", async () => {
    const folder = join(root, "unlike");
    await writeRun(join(folder, "a"), finished);
    await writeRun(join(folder, "b"), { ...finished, config: { seed: 1 } });
    await expect(readAblation(folder)).rejects.toThrow(/must have the settings of a, but for the network/);
  });

  it.each([["nowhere"], ["empty"]])("refuses a folder without runs: %s", async (name) => {
    await mkdir(join(root, "empty"), { recursive: true });
    await expect(readAblation(join(root, name))).rejects.toThrow(/must hold folders of training runs/);
  });
});
