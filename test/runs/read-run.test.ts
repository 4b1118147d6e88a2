import { appendFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { datasets } from "../../src/datasets/index.ts";
import { readEvaluation, writeEvaluation } from "../../src/runs/evaluation-file.ts";
import { findBest, readRun } from "../../src/runs/read-run.ts";
import { lockRun } from "../../src/runs/run-lock.ts";
import { evaluation, type RunFiles, stepsOf, validationOf, writeRun } from "../report/run-files.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lightseg-read-run-"));
});
afterAll(() => rm(root, { recursive: true }));

async function write(name: string, files: RunFiles = {}): Promise<string> {
  await writeRun(join(root, name), files);
  return join(root, name);
}

describe("readRun", () => {
  it("reads settings, log, evaluation and origin", async () => {
    const validations = [validationOf(2, { "<sky>": 0.5, road: null })];
    const folder = await write("whole", { losses: [3, 2], validations, evaluation });
    const run = await readRun(folder);
    expect(run).toMatchObject({ name: "whole", folder, origin: { lightseg: "0.1.0", cores: 2 }, evaluation });
    expect(run.config).toMatchObject({ network: "ndnet29-fcn32", dataset: "camvid", momentum: 0.9 });
    expect(run.steps).toEqual(stepsOf([3, 2]));
    expect(run.validations).toEqual(validations);
    expect(run.classes).toEqual(["<sky>", "road"]);
    expect(run.palette).toEqual(evaluation.palette);
    expect(run.parameters).toBeGreaterThan(0);
  });

  it("reads a run that has not begun, with settings alone", async () => {
    const folder = await write("empty");
    await rm(join(folder, "log.jsonl"));
    await rm(join(folder, "origin.json"));
    const run = await readRun(folder);
    expect(run).toMatchObject({ origin: {}, steps: [], validations: [], classes: [], state: "stopped" });
    expect([run.evaluation, run.parameters]).toEqual([undefined, undefined]);
  });

  it("leaves out a last line that is still being written", async () => {
    const folder = await write("torn", { losses: [3, 2] });
    await appendFile(join(folder, "log.jsonl"), '{"kind":"step","step":3,"lo');
    expect((await readRun(folder)).steps.length).toBe(2);
  });

  it.each([
    ["half a line", '{"kind":"step","st'],
    ["a loss that is no number", JSON.stringify({ ...stepsOf([1])[0], loss: Number.NaN })],
    ["an IoU above 1", JSON.stringify(validationOf(1, { a: 1.5 }))],
    ["another kind", '{"kind":"note"}'],
    ["nothing", ""],
  ])("says which line of the log is damaged by %s", async (_, line) => {
    const folder = await write("damaged", { losses: [1] });
    await appendFile(join(folder, "log.jsonl"), `${line}\n${JSON.stringify(stepsOf([1])[0])}\n`);
    await expect(readRun(folder)).rejects.toMatchObject({
      name: "LightsegError",
      code: "INVALID_RUN",
      details: { where: "readRun", file: join(folder, "log.jsonl"), argument: "line 2" },
    });
  });

  it("tells what to name where there is no run", async () => {
    await expect(readRun(join(root, "nowhere"))).rejects.toMatchObject({
      name: "LightsegError",
      code: "NOT_FOUND",
      details: { file: join(root, "nowhere"), hint: expect.stringContaining("lightseg train --run") },
    });
    await writeFile(join(root, "file"), "");
    await expect(readRun(join(root, "file"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each(["config.json", "evaluation.json", "origin.json"])("refuses a damaged %s", async (name) => {
    const folder = await write("broken", { evaluation });
    await writeFile(join(folder, name), '{"step": ');
    await expect(readRun(folder)).rejects.toMatchObject({ code: "INVALID_RUN" });
  });

  it("is running, stopped or finished", async () => {
    const folder = await write("state", { losses: [3, 2], epochSteps: 1, config: { epochs: 2 } });
    const log = join(folder, "log.jsonl");
    const wrote = new Date("2026-11-21T09:00:00Z");
    const stateAt = async (time: string) => {
      await utimes(log, wrote, wrote);
      const { state, updated } = await readRun(folder, { now: new Date(`2026-11-21T${time}Z`) });
      expect(updated).toEqual(wrote);
      return state;
    };
    expect(await stateAt("09:00:01")).toBe("stopped");
    await writeFile(join(folder, "training.lock"), '{"host":"another machine","process":1}');
    expect(await stateAt("09:14:59")).toBe("running");
    expect(await stateAt("09:15:00")).toBe("stopped");
    await rm(join(folder, "training.lock"));
    const lock = await lockRun(folder);
    expect(await stateAt("09:15:00")).toBe("running");
    await lock[Symbol.asyncDispose]();
    expect(await stateAt("09:00:01")).toBe("stopped");
    await appendFile(log, `${JSON.stringify(validationOf(2, { a: 1 }))}\n`);
    expect(await stateAt("09:00:01")).toBe("finished");
  });

  it("is finished where validations did not rise for as long as it has patience", async () => {
    const stateOf = async (name: string, found: readonly number[]) => {
      const folder = await write(name, {
        config: { epochs: 9, patience: 2 },
        losses: [3, 2, 1],
        epochSteps: 1,
        validations: found.map((miou, index) => validationOf(index + 1, { a: miou })),
      });
      return (await readRun(folder, { now: new Date(0) })).state;
    };
    expect(await stateOf("patient", [0.5, 0.4, 0.3])).toBe("finished");
    expect(await stateOf("rising", [0.5, 0.6, 0.3])).not.toBe("finished");
  });

  it("takes the palette of a known data set where there is no evaluation", async () => {
    const camvid = datasets.find(({ name }) => name === "camvid")?.labels;
    const iou = Object.fromEntries((camvid?.classes ?? []).map((name) => [name, 0.5]));
    const known = await readRun(await write("known", { validations: [validationOf(1, iou)] }));
    expect(known.palette).toEqual(camvid?.palette);
    const unknown = await readRun(await write("unknown", { validations: [validationOf(1, { a: 0.5 })] }));
    expect(unknown.palette).toEqual([]);
  });
});

describe("evaluation.json", () => {
  it("comes back as it was written", async () => {
    const folder = await write("evaluated");
    expect(await readEvaluation(folder)).toBeUndefined();
    await writeEvaluation(folder, evaluation);
    expect(await readEvaluation(folder)).toEqual(evaluation);
  });

  it.each([
    ["palette", { palette: [[0, 0, 0]] }],
    ["confusion", { confusion: [[1, 2]] }],
    ["confusion", { confusion: [[1, 2], [3]] }],
    ["panels", { panels: [{ id: "a", image: "https://example.org/a.png" }] }],
    ["panels", { panels: [{ id: "a", image: 'data:image/png;base64,A" onload="b' }] }],
  ] as const)("must have a sound %s", async (part, changes) => {
    const folder = await write("unsound");
    const damaged = JSON.stringify({ ...evaluation, ...changes });
    await writeFile(join(folder, "evaluation.json"), damaged);
    await expect(readEvaluation(folder)).rejects.toMatchObject({
      code: "INVALID_RUN",
      details: { rule: expect.stringContaining(part) },
    });
  });
});

describe("findBest", () => {
  it("is the first of several with the highest mean IoU", () => {
    const validations = [0.1, 0.4, 0.4, 0.3].map((value, index) => validationOf(index, { a: value }));
    expect(findBest(validations)?.step).toBe(1);
    expect(findBest([])).toBeUndefined();
  });
});
