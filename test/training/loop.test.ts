import { describe, expect, it } from "vitest";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { imagenetPreprocessing } from "../../src/models/preprocessing.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession, TensorData } from "../../src/runtime/session.ts";
import { parseTrainingConfig } from "../../src/training/config.ts";
import type { LogRecord } from "../../src/training/events.ts";
import { type Checkpoint, type RunTrainingOptions, runTraining } from "../../src/training/loop.ts";
import type { Samples } from "../../src/training/samples.ts";
import { planStages } from "../../src/training/stage.ts";
import { countingEngine } from "../support/counting-engine.ts";
import { testPhoto } from "../support/model.ts";

const network = "ndnet29-fcn32";
const CLASSES = 3;
const config = parseTrainingConfig({
  ...{ network, dataset: "memory", data: "-", batch: 2, crop: [32, 32], epochs: 2, validateEvery: 1 },
  ...{ saveEvery: 1, averaging: 0.9 },
});

/** Four photos that are nowhere but in memory. */
const samples: Samples = {
  size: 4,
  load: async (index) => ({
    photo: testPhoto(40, 32),
    labels: {
      width: 40,
      height: 32,
      data: Uint8Array.from({ length: 40 * 32 }, (_, pixel) => (pixel + index) % CLASSES),
    },
  }),
};

/** Trains in memory, and keeps all checkpoints and records. */
async function run(options: Partial<RunTrainingOptions> = {}) {
  const records: LogRecord[] = [];
  const saved: Checkpoint[] = [];
  const kept: number[] = [];
  const state = initialWeights(buildNetwork({ network, classes: CLASSES, auxiliary: true }).parameters, {
    seed: 1,
  });
  const running = runTraining({
    config,
    stages: planStages(config, [{ samples }]),
    classes: CLASSES,
    preprocessing: imagenetPreprocessing,
    start: { step: 0, state },
    storage: {
      record: async (entry) => void records.push(entry),
      save: async (checkpoint) => void saved.push(checkpoint),
    },
    open: openNodeSession,
    threads: 1,
    validate: async (_, step) => ({
      metrics: { miou: step === 2 ? 0.5 : 0.25, pixelAccuracy: 0.5, iou: {} },
      keep: async () => void kept.push(step),
    }),
    ...options,
  });
  const result = await running.catch((error: unknown) => error);
  return { result, records, saved, kept };
}

/** Opens sessions whose losses grow by a fifth from step to step. */
const openGrowing: OpenSession = async (model, options) => {
  const session = await openNodeSession(model, options);
  let factor = 1;
  return {
    async run(feeds, outputs, handOver) {
      const found = await session.run(feeds, outputs, handOver);
      factor *= 1.2;
      for (const [name, { data }] of Object.entries<TensorData>(found))
        if (name === "loss" && data instanceof Float32Array) data.fill(factor * (data[0] ?? 0));
      return found;
    },
    state: () => session.state(),
    dispose: () => session.dispose(),
  };
};

const linesOf = (records: readonly LogRecord[]) => records.map(({ kind, step }) => `${kind} ${step}`);

describe("runTraining", { timeout: 60_000 }, () => {
  it("trains on samples in memory, without a folder, and goes on from any checkpoint bit for bit", async () => {
    const whole = await run();
    expect(whole.result).toEqual({ step: 4, finished: true, best: { miou: 0.5, step: 2 } });
    expect(linesOf(whole.records)).toEqual([
      ...["step 1", "step 2", "validation 2", "step 3", "step 4", "validation 4"],
    ]);
    expect(whole.kept).toEqual([2]);
    expect(whole.saved.map(({ step, validationDue = false }) => [step, validationDue])).toEqual([
      ...[
        [1, false],
        [2, true],
        [2, false],
        [3, false],
        [4, true],
        [4, false],
      ],
    ]);
    for (const start of [whole.saved[0], whole.saved[1]]) {
      const resumed = await run({ start });
      expect(resumed.result).toEqual(whole.result);
      const { state: expected, ...place } = whole.saved.at(-1) ?? { state: new Map() };
      const { state: found, ...other } = resumed.saved.at(-1) ?? { state: new Map() };
      expect(other).toEqual(place);
      expect([...found.keys()]).toEqual([...expected.keys()]);
      const bytes = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      for (const [name, { data }] of expected)
        expect(bytes(found.get(name)?.data ?? new Float32Array()).equals(bytes(data)), name).toBe(true);
      expect(linesOf(resumed.records)).toEqual(linesOf(whole.records).slice(start?.step));
    }
  });

  it("ends early where validations no longer rise, and stays at its end", async () => {
    const patient = { ...config, epochs: 9, patience: 2 };
    const stages = planStages(patient, [{ samples }]);
    const { result, records, saved } = await run({ config: patient, stages });
    expect(result).toEqual({ step: 6, finished: true, best: { miou: 0.5, step: 2 } });
    expect(linesOf(records).at(-1)).toBe("validation 6");
    const again = await run({ config: patient, stages, start: saved.at(-1) });
    expect(again.result).toEqual(result);
    expect(again.records).toEqual([]);
  });

  it("has saved the steps before a validation that fails", async () => {
    const failure = new Error("a photo cannot be read");
    const { result, saved } = await run({ validate: () => Promise.reject(failure) });
    expect(result).toBe(failure);
    expect(saved.at(-1)).toMatchObject({ step: 2, validationDue: true });
  });

  it("is not finished without its last validation", async () => {
    const { saved } = await run();
    const last = saved.find(({ step, validationDue }) => step === 4 && validationDue);
    const stopped = await run({ start: last, signal: AbortSignal.abort() });
    expect(stopped.result).toEqual({ step: 4, finished: false, best: { miou: 0.5, step: 2 } });
    expect(stopped.records).toEqual([]);
  });

  it("warns once where the loss grows", async () => {
    const long = { ...config, epochs: 20 };
    const warnings: string[] = [];
    await run({
      ...{ config: long, stages: planStages(long, [{ samples }]), validate: undefined, open: openGrowing },
      onEvent: (event) => event.kind === "warning" && warnings.push(event.text),
    });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^step \d+: the loss grows: .* in the first 20 steps; .*lower the learning rates/,
      ),
    ]);
  });

  it("validates and saves every so many epochs and steps, and at the end", async () => {
    const rare = { ...config, epochs: 5, validateEvery: 2, saveEvery: 3 };
    const { records, saved } = await run({ config: rare, stages: planStages(rare, [{ samples }]) });
    const validated = records.filter(({ kind }) => kind === "validation");
    // Two steps an epoch.
    expect(validated.map(({ step }) => step)).toEqual([4, 8, 10]);
    expect(saved.map(({ step }) => step)).toEqual([3, 4, 4, 6, 8, 8, 9, 10, 10]);
  });

  it("begins a second stage with the weights alone, and counts steps and epochs on", async () => {
    const two = { ...config, averaging: 0, epochs: 1, stages: [{}, {}] };
    const stages = planStages(two, [{ samples }, { samples }]);
    const { saved, records } = await run({ config: two, stages, validate: undefined });
    const steps = records.flatMap((line) => (line.kind === "step" ? [[line.step, line.epoch]] : []));
    expect(steps).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
    ]);
    const { state = new Map() } = saved.find(({ step }) => step === 2) ?? {};
    const weights = new Map([...state].filter(([name]) => !name.startsWith("velocity:")));
    expect(weights.size).toBeLessThan(state.size);
    const again = await run({ config: two, stages, validate: undefined, start: { step: 2, state: weights } });
    expect(again.saved.at(-1)).toEqual(saved.at(-1));
  });

  it("saves no weights that are no numbers, and frees the engine", async () => {
    const { open, counts } = countingEngine();
    const broken: OpenSession = async (model, options) => {
      const session = await open(model, options);
      const state = async () => {
        const values = Object.entries(await session.state());
        for (const [, { data }] of values) data[0] = Number.NaN;
        return Object.fromEntries(values);
      };
      return { ...session, state };
    };
    const { result, saved } = await run({ open: broken });
    expect(String(result)).toMatch(/weights after step 1 must be numbers, got NaN/);
    expect(saved).toEqual([]);
    expect(counts).toMatchObject({ held: 0 });
  });

  it("needs no validation", async () => {
    const { result, saved } = await run({ validate: undefined });
    expect(result).toEqual({ step: 4, finished: true });
    expect(saved.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });
});
