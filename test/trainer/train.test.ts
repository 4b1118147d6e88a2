import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDescription } from "../../src/model-files/description.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { readCheckpoint } from "../../src/runs/checkpoint.ts";
import { lockRun } from "../../src/runs/run-lock.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { train } from "../../src/trainer/train.ts";
import type { TrainingOptions } from "../../src/training/config.ts";
import type { TrainingEvent } from "../../src/training/events.ts";
import { isMemory } from "../../src/training/state-names.ts";
import { readWeights } from "../../src/weights/node/read.ts";
import { writeCamvid } from "../support/camvid.ts";

let folder = "";
const file = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-stages-"));
  await writeCamvid(file("data"), (pixel, photo) => (Math.floor((pixel % 64) / 8) + photo) % 12);
});
afterAll(() => rm(folder, { recursive: true }));

/** Two stages of 2 and 4 steps: all of it with SGD, then the decoder alone with AdamW. */
const settings = (): TrainingOptions => ({
  network: "ndnet29-fcn32",
  dataset: "camvid",
  data: file("data"),
  batch: 2,
  crop: [32, 32],
  threads: 1,
  averaging: 0.9,
  saveEvery: 1,
  validateEvery: 1,
  batchNorm: "trained",
  stages: [
    { epochs: 1, batch: 4, classWeights: "log" },
    {
      epochs: 1,
      freezeEncoder: true,
      optimizer: "adamw",
      clipNorm: 1,
      hardPixels: 0.5,
      jaccard: 0.5,
      copyPaste: 0.5,
    },
  ],
});

async function run(
  name: string,
  { config = settings(), resume = false, stopAfter = Number.POSITIVE_INFINITY } = {},
) {
  const events: TrainingEvent[] = [];
  const stop = new AbortController();
  const result = await train({
    run: file(name),
    config: resume ? {} : config,
    resume,
    open: openNodeSession,
    signal: stop.signal,
    onEvent(event) {
      events.push(event);
      if (event.kind === "step" && event.step >= stopAfter) stop.abort();
    },
  });
  const notes = events.flatMap((event) => (event.kind === "note" ? [event.text] : []));
  return { result, events, notes };
}

const stateOf = async (name: string) => (await readCheckpoint(file(name, "last.safetensors"))).state;

describe("train", { timeout: 120_000 }, () => {
  let whole: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    whole = await run("whole");
  }, 120_000);

  it("goes through its stages, each with an optimizer of its own, and validates the averages", async () => {
    const { result, events, notes } = whole;
    expect(result).toMatchObject({ step: 6, finished: true });
    expect(notes.join("\n")).toMatch(
      /stage 1 of 2: camvid train, steps 0 to 2.*stage 2 of 2: .*steps 2 to 6/s,
    );
    expect(notes.join("\n")).toMatch(/a step takes about 0\.\d\d GB of memory/);
    const steps = events.flatMap((event) => (event.kind === "step" ? [event] : []));
    expect(steps.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2, 2, 2]);
    // The rates begin anew with the stage.
    expect(steps.map(({ learningRate: [encoder] }) => encoder === 1e-3)).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
    ]);

    const state = await stateOf("whole");
    const kinds = new Set([...state.keys()].filter(isMemory).map((name) => name.split(":")[0]));
    expect([...kinds].sort()).toEqual(["firstMoment", "secondMoment"]);
    // The frozen encoder has neither, and what is kept as the best are averages, not the last weights.
    const { encoder, parameters } = buildNetwork({ network: "ndnet29-fcn32", classes: 11 });
    for (const name of parameters.keys())
      if (encoder.has(name)) expect(state.has(`firstMoment:${name}`), name).toBe(false);
    expect(state.has("average:seg.score.weight")).toBe(true);
    const { weights: best, metadata } = await readWeights(file("whole", "best.safetensors"));
    const description = readDescription(metadata, "best.safetensors");
    expect(description?.lowConfidence).toBeGreaterThan(1 / 11);
    expect(description?.trainedOn).toEqual([{ dataset: "camvid", split: "train" }]);
    expect([...best.keys()].some((name) => name.includes(":"))).toBe(false);
  });

  it("goes on within a stage and between two as if it had never stopped", async () => {
    for (const [name, stopAfter] of [
      ["between", 2],
      ["within", 4],
    ] as const) {
      const { result } = await run(name, { stopAfter });
      expect(result).toMatchObject({ step: stopAfter, finished: false });
      expect((await run(name, { resume: true })).result.finished).toBe(true);
      const bytes = await readFile(file(name, "last.safetensors"));
      expect(bytes.equals(await readFile(file("whole", "last.safetensors"))), name).toBe(true);
    }
  });

  it("repeats a run from the settings in its folder", async () => {
    const config: TrainingOptions = JSON.parse(await readFile(file("whole", "config.json"), "utf8"));
    expect(config.weights).toBe("none");
    await run("again", { config });
    const bytes = await readFile(file("again", "last.safetensors"));
    expect(bytes.equals(await readFile(file("whole", "last.safetensors")))).toBe(true);
  });

  it("keeps its folder locked to the end", async () => {
    let second: Promise<unknown> | undefined;
    await train({
      run: file("locked"),
      config: { ...settings(), stages: [{ epochs: 1 }] },
      open: openNodeSession,
      onEvent(event) {
        if (event.kind !== "step") return;
        second ??= lockRun(file("locked")).catch((error: unknown) => error);
      },
    });
    await expect(second).resolves.toMatchObject({ code: "OUTPUT" });
    await using _free = await lockRun(file("locked"));
  });

  it.each<[Partial<TrainingOptions>, string]>([
    [{ freezeLayers: ["layer0"] }, 'must be layers of the network, such as features, got "layer0"'],
    [{ replicas: 3 }, "replicas must divide the batch of 4"],
    [{ stages: [{}, { crop: [4096, 4096], batch: 4 }] }, "crop must fit into memory"],
  ])("leaves no folder where %o is refused", async (refused, message) => {
    const config = { ...settings(), ...refused };
    await expect(run("refused", { config })).rejects.toThrow(message);
    expect(existsSync(file("refused"))).toBe(false);
  });

  it("leaves no folder where it is stopped before its first step", async () => {
    for (const task of ["counting labels", "checking photos"]) {
      const stop = new AbortController();
      const stopping = train({
        ...{ run: file("early"), config: settings(), open: openNodeSession, signal: stop.signal },
        onEvent: (event) => event.kind === "progress" && event.task === task && stop.abort(new Error(task)),
      });
      await expect(stopping).rejects.toThrow(task);
      expect(existsSync(file("early", "config.json"))).toBe(false);
    }
  });

  it("leaves no folder where there is no object to paste", async () => {
    await writeCamvid(file("plain"), () => 1);
    await expect(run("refused", { config: { ...settings(), data: file("plain") } })).rejects.toThrow(
      "copyPaste needs a class that at most half of the photos have",
    );
    expect(existsSync(file("refused"))).toBe(false);
  });

  it("stops when the loss is no number, says at which step, and keeps the last good checkpoint", async () => {
    const config = {
      ...settings(),
      stages: [{ epochs: 1 }, { epochs: 3, encoderLearningRate: 1e30, decoderLearningRate: 1e30 }],
    };
    await expect(run("diverged", { config })).rejects.toThrow(/(loss at|weights after) step \d+ must be/);
    expect(existsSync(file("diverged", "last.safetensors"))).toBe(true);
    for (const { data } of (await stateOf("diverged")).values())
      expect(data.every(Number.isFinite)).toBe(true);
  });
});
