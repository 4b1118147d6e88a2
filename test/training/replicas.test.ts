import { describe, expect, it } from "vitest";
import { initialWeights } from "../../src/models/initialize.ts";
import type { Weights } from "../../src/models/weights.ts";
import { createRandom } from "../../src/random.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { parseTrainingConfig, type TrainingOptions } from "../../src/training/config.ts";
import { chooseReplicas } from "../../src/training/replicas.ts";
import { buildTrainingGraph, openTrainingSession } from "../../src/training/training-session.ts";
import { relativeError } from "../support/array.ts";
import { countingEngine } from "../support/counting-engine.ts";
import { failureOf } from "../support/errors.ts";
import { onlyStage } from "../support/training.ts";

const network = "refinenet-lw-mobilenet-v2";
const SIDE = 32;
const stage = onlyStage({
  ...{ network, dataset: "none", data: "none", batch: 2, crop: [SIDE, SIDE], dropout: false },
  ...{ weightDecay: 0.01, clipNorm: 1 },
});

/** Random pixels; of the second photo only one row in eight has a class. */
function randomBatch() {
  const random = createRandom(3);
  return {
    image: {
      data: Float32Array.from({ length: 2 * 3 * SIDE ** 2 }, () => 2 * random() - 1),
      shape: [2, 3, SIDE, SIDE],
    },
    target: {
      data: Int32Array.from({ length: 2 * SIDE ** 2 }, (_, pixel) =>
        pixel < SIDE ** 2 || pixel % (8 * SIDE) < SIDE ? Math.floor(3 * random()) : 255,
      ),
      shape: [2, SIDE, SIDE],
    },
  };
}

/** The losses of three steps, and all state after them. */
async function trainWith(
  replicas: number,
  target?: Int32Array,
): Promise<{ losses: number[]; state: Weights }> {
  const classWeights = [0.5, 1, 2];
  const graph = buildTrainingGraph(stage, { network, classes: 3, classWeights, averaging: 0.9, replicas });
  const weights = initialWeights(graph.network.parameters, { seed: 1 });
  const session = await openTrainingSession(graph, weights, { open: openNodeSession, threads: 2, seed: 1 });
  try {
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) {
      const { image, target: own } = randomBatch();
      const batch = { image, target: { ...own, data: target ?? own.data } };
      losses.push(await session.run(batch, { step, rates: { encoder: 1e-4, decoder: 1e-3 } }));
    }
    return { losses, state: await session.state() };
  } finally {
    await session.dispose();
  }
}

describe("a replicated step", { timeout: 120_000 }, () => {
  it("is that of the whole batch, whatever pixels of the shares have a class", async () => {
    const whole = await trainWith(1);
    const divided = await trainWith(2);
    expect(relativeError(divided.losses, whole.losses)).toBeLessThan(1e-5);
    expect(whole.losses[2]).toBeLessThan(whole.losses[0] ?? 0);
    expect([...divided.state.keys()]).toEqual([...whole.state.keys()]);
    for (const [name, { data, shape }] of whole.state) {
      const other = divided.state.get(name);
      expect(other?.shape, name).toEqual(shape);
      expect(relativeError(other?.data ?? [], data), name).toBeLessThan(1e-4);
    }
  });

  it("has loss 0 and stays a number where no pixel has a class", async () => {
    const { losses, state } = await trainWith(2, new Int32Array(2 * SIDE ** 2).fill(255));
    expect(losses).toEqual([0, 0, 0]);
    for (const [name, { data }] of state) expect(data.every(Number.isFinite), name).toBe(true);
  });
});

describe("openTrainingSession", () => {
  it.each([1, 2, 3])("frees what it holds where there is no memory for session %i of three", async (at) => {
    const graph = buildTrainingGraph(stage, { network, classes: 3, replicas: 2 });
    const { open, counts } = countingEngine(at);
    const weights = initialWeights(graph.network.parameters, { seed: 1 });
    const error = await failureOf(openTrainingSession(graph, weights, { open, threads: 1, seed: 1 }));
    expect(error.message).toContain("std::bad_alloc");
    expect(counts).toEqual({ opened: at, held: 0 });
  });
});

describe("chooseReplicas", () => {
  const choose = (options: Partial<TrainingOptions>, threads: number, provider?: "webgpu") => {
    const settings = { network, dataset: "none", data: "none", ...options };
    return chooseReplicas(onlyStage(settings), { ...parseTrainingConfig(settings), threads, provider });
  };

  it("takes as many as there are threads, where they divide the batch", () => {
    expect(choose({ batch: 4 }, 1)).toBe(1);
    expect(choose({ batch: 4 }, 2)).toBe(2);
    expect(choose({ batch: 4 }, 3)).toBe(2);
    expect(choose({ batch: 6 }, 16)).toBe(6);
    expect(choose({ batch: 5 }, 4)).toBe(1);
    expect(choose({ batch: 8, replicas: 4 }, 2)).toBe(4);
  });

  it("leaves a batch whole where its parts would not give the same", () => {
    expect(choose({ batchNorm: "trained" }, 2)).toBe(1);
    expect(choose({ hardPixels: 0.5 }, 2)).toBe(1);
    expect(choose({ jaccard: 1 }, 2)).toBe(1);
    expect(choose({ network: "frm-van-b0" }, 2)).toBe(1);
  });

  it("halves a batch where that can be done", () => {
    const halves = (own: Partial<TrainingOptions>) => choose({ jaccard: 1, ...own, replicas: "halves" }, 1);
    expect(halves({ batch: 4 })).toBe(2);
    expect(halves({ batch: 3 })).toBe(1);
    expect(halves({ batch: 1 })).toBe(1);
    expect(halves({ batch: 4, batchNorm: "trained" })).toBe(1);
  });

  it("is one on a graphics card, but for a number that was typed", () => {
    expect(choose({ batch: 4 }, 2, "webgpu")).toBe(1);
    expect(choose({ batch: 4, replicas: "halves" }, 2, "webgpu")).toBe(1);
    expect(choose({ batch: 4, replicas: 2 }, 2, "webgpu")).toBe(2);
  });

  it("refuses numbers that cannot be", () => {
    expect(() => choose({ batch: 4, replicas: 3 }, 2)).toThrow("replicas must divide the batch of 4, got 3");
    expect(() => choose({ replicas: 2, batchNorm: "trained" }, 2)).toThrow("where batch norm is trained");
  });
});
