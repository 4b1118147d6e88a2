import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunFolder } from "../../src/runs/run-folder.ts";
import { parseTrainingConfig, type TrainingConfig, type TrainingOptions } from "../../src/training/config.ts";
import type { LogRecord } from "../../src/training/events.ts";

const config = parseTrainingConfig({
  network: "refinenet-lw-mobilenet-v2",
  dataset: "camvid",
  data: "camvid",
  epochs: 3,
});

function stepRecord(step: number): LogRecord {
  return { kind: "step", step, epoch: 1, loss: 1 / step, learningRate: [1e-3, 1e-2], ms: 5 };
}

describe("RunFolder", () => {
  let parent = "";
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "lightseg-run-"));
  });
  afterEach(() => rm(parent, { recursive: true }));

  /** Begins a run and lets go of it, as a process that stops does. */
  async function begin(path: string): Promise<void> {
    await using run = new RunFolder(path);
    await run.begin(config);
  }

  async function resume(path: string, options: Partial<TrainingOptions>): Promise<TrainingConfig> {
    await using run = new RunFolder(path);
    return await run.resume(options);
  }

  it("stores every setting, defaults among them, and gives them back to a resumed run", async () => {
    const path = join(parent, "a", "b");
    await begin(path);
    expect(config).toMatchObject({ epochs: 3, batch: 4, momentum: 0.9, batchNorm: "frozen" });
    expect(JSON.parse(await readFile(join(path, "config.json"), "utf8"))).toEqual(config);
    expect(await resume(path, {})).toEqual(config);
    expect(await resume(path, { epochs: 3, data: "camvid" })).toEqual(config);
  });

  it("is one process's at a time, in which it was begun or resumed", async () => {
    const path = join(parent, "run");
    {
      await using run = new RunFolder(path);
      await run.begin(config);
      await expect(resume(path, {})).rejects.toThrow("is being trained by process");
    }
    await using run = new RunFolder(path);
    await run.resume({});
    await expect(resume(path, {})).rejects.toThrow("is being trained by process");
  });

  it("refuses to begin where a run is, and to resume where none is or with other settings", async () => {
    const path = join(parent, "run");
    await expect(resume(path, {})).rejects.toMatchObject({ code: "NOT_FOUND" });
    await begin(path);
    await expect(begin(path)).rejects.toThrow("holds a training run already");
    await expect(resume(path, { epochs: 4 })).rejects.toThrow(/epochs must stay 3 in a resumed run, got "4"/);
  });

  it("tells what it began with, the hash of its weights among it", async () => {
    const weights = join(parent, "weights");
    await writeFile(weights, "abc");
    const run = new RunFolder(join(parent, "run"));
    await run.begin({ ...config, weights });
    expect(JSON.parse(await readFile(join(run.path, "origin.json"), "utf8"))).toMatchObject({
      node: process.version,
      weightsSha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  });

  it("takes the hash of the one file of a folder of weights", async () => {
    const weights = join(parent, "weights");
    await mkdir(weights);
    await writeFile(join(weights, "model.safetensors"), "abc");
    const run = new RunFolder(join(parent, "run"));
    await run.begin({ ...config, weights });
    const { weightsSha256 } = JSON.parse(await readFile(join(run.path, "origin.json"), "utf8"));
    expect(weightsSha256).toMatch(/^ba7816bf/);
  });

  it("reports a folder that cannot be made, and settings that are no JSON", async () => {
    await writeFile(join(parent, "file"), "");
    await expect(new RunFolder(join(parent, "file", "run")).begin(config)).rejects.toMatchObject({
      code: "OUTPUT",
    });
    await writeFile(join(parent, "config.json"), "{");
    await expect(new RunFolder(parent).resume({})).rejects.toMatchObject({ code: "INVALID_RUN" });
  });

  it("rewinds the log to a step and drops a line cut short by a kill", async () => {
    const run = new RunFolder(join(parent, "run"));
    await run.begin(config);
    for (const step of [1, 2, 3]) await run.append(stepRecord(step));
    const log = join(run.path, "log.jsonl");
    await appendFile(log, '{"kind":"step","st');
    await run.rewindLog({ step: 2 });
    const lines = (await readFile(log, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([stepRecord(1), stepRecord(2)]);
  });

  it("drops the validation that a checkpoint says is still to come", async () => {
    const run = new RunFolder(join(parent, "run"));
    await run.begin(config);
    const validation = { kind: "validation", miou: 0.5, pixelAccuracy: 0.5, iou: {} } as const;
    for (const record of [
      stepRecord(1),
      { ...validation, step: 1 },
      stepRecord(2),
      { ...validation, step: 2 },
    ])
      await run.append(record);
    const kinds = async () =>
      (await readFile(join(run.path, "log.jsonl"), "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => `${JSON.parse(line).kind} ${JSON.parse(line).step}`);
    await run.rewindLog({ step: 2 });
    expect(await kinds()).toEqual(["step 1", "validation 1", "step 2", "validation 2"]);
    await run.rewindLog({ step: 2, validationDue: true });
    expect(await kinds()).toEqual(["step 1", "validation 1", "step 2"]);
  });

  it("clears temporary files of a killed process on resume, and no other files", async () => {
    const path = join(parent, "run");
    await begin(path);
    const left = ".last.safetensors.6f1f3a52-0c3c-4f0e-9d1a-0123456789ab.tmp";
    for (const name of [left, "mine.tmp", ".hidden"]) await writeFile(join(path, name), "x");
    await resume(path, {});
    expect((await readdir(path)).sort()).toEqual([".hidden", "config.json", "mine.tmp", "origin.json"]);
  });
});
