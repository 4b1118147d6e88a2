import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { decodePhoto } from "../../src/images/decode.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { imagenetPreprocessing, normalizeInto } from "../../src/models/preprocessing.ts";
import type { BatchNormMode } from "../../src/models/scope.ts";
import { openNodeSession } from "../../src/runtime/node.ts";
import { createRandom, fnv1a } from "../../src/training/random.ts";
import { buildTrainingStep, type ParameterGroup } from "../../src/training/step.ts";
import { goldenFolder, goldenWeights, hasGolden } from "../support/golden.ts";

const runSchema = z.object({
  losses: z.array(z.number()),
  grad_l2: z.record(z.string(), z.number()),
  param_l2_after_3_steps: z.record(z.string(), z.number()),
  running_after_3_steps: z.record(z.string(), z.number()).optional(),
});
const goldenSchema = z.object({ frozen_bn: runSchema, train_bn: runSchema });

const isEncoder = (name: string) => name.startsWith("layer");
const groups: ParameterGroup[] = [
  { name: "encoder", has: isEncoder, optimizer: "sgd", momentum: 0.9, weightDecay: 1e-5 },
  { name: "decoder", has: (name) => !isEncoder(name), optimizer: "sgd", momentum: 0.9, weightDecay: 1e-5 },
];

function l2(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] ?? Number.NaN) ** 2;
  return Math.sqrt(sum);
}

/** Two crops of the golden photo: rows 0-95 x columns 0-127 and rows 60-155 x columns 70-197. */
async function goldenBatch() {
  const photo = await decodePhoto(join(goldenFolder, "photo_209x161.png"));
  const image = new Float32Array(2 * 3 * 96 * 128);
  for (const [slot, { top, left }] of [
    { top: 0, left: 0 },
    { top: 60, left: 70 },
  ].entries()) {
    const data = new Uint8Array(96 * 128 * 3);
    for (let row = 0; row < 96; row++) {
      const start = ((top + row) * photo.width + left) * 3;
      data.set(photo.data.subarray(start, start + 128 * 3), row * 128 * 3);
    }
    normalizeInto({ width: 128, height: 96, data }, imagenetPreprocessing, image, slot * 3 * 96 * 128);
  }
  const random = createRandom(fnv1a("target"));
  const blocks = Int32Array.from({ length: 2 * 12 * 16 }, () => {
    const label = Math.floor(22 * random());
    return label === 21 ? 255 : label;
  });
  const target = Int32Array.from({ length: 2 * 96 * 128 }, (_, index) => {
    const [n, row, column] = [Math.floor(index / (96 * 128)), Math.floor(index / 128) % 96, index % 128];
    return blocks[(n * 12 + Math.floor(row / 8)) * 16 + Math.floor(column / 8)] ?? 255;
  });
  return { image: { data: image, dims: [2, 3, 96, 128] }, target: { data: target, dims: [2, 96, 128] } };
}

/**
 * With batch statistics this network amplifies rounding: PyTorch itself, run again in float32 on another machine, differs from the golden
 * values by up to 2e-2 in a gradient norm and 1.5e-2 in the third loss, and in float64 by 3e-3 and 2e-3. The second batch norm's beta has
 * a true gradient of zero, since the next layer subtracts its mean: its norm is nothing but rounding.
 */
const tolerances = {
  frozen: { losses: [1e-4, 1e-4, 1e-4], worstGradient: 1e-3, running: 0, zeroGradient: undefined },
  trained: {
    losses: [1e-4, 1e-3, 2e-2],
    worstGradient: 2e-2,
    running: 1e-3,
    zeroGradient: "layer2.0.output.2.1.bias",
  },
};

describe("buildTrainingStep", () => {
  it.skipIf(!hasGolden).each<[BatchNormMode, "frozen_bn" | "train_bn"]>([
    ["frozen", "frozen_bn"],
    ["trained", "train_bn"],
  ])("takes PyTorch's three steps with %s batch norm (needs the golden values)", async (batchNorm, key) => {
    const golden = goldenSchema.parse(
      JSON.parse(readFileSync(join(goldenFolder, "mbv2_21_training.json"), "utf8")),
    )[key];
    const tolerance = tolerances[batchNorm];
    const network = buildNetwork({
      network: "refinenet-lw-mobilenet-v2",
      classes: 21,
      size: [2, 96, 128],
      batchNorm,
    });
    const step = buildTrainingStep(network, { groups });
    const weights = goldenWeights(network.parameters);
    const state = [...step.parameters, ...step.memory];
    const stateInputs = new Set(state.map(({ input }) => input));
    const gradientOutputs = Object.fromEntries(
      [...step.gradients].map(([name, tensor]) => [`gradient:${name}`, tensor]),
    );
    const model = lowerToOnnx(
      { ...step.outputs, ...gradientOutputs },
      { parameters: (name) => (stateInputs.has(name) ? "input" : (weights.get(name) ?? "input")) },
    );
    const session = await openNodeSession(model, {
      carried: state.map(({ input, output, shape }) => {
        const length = shape.reduce((product, dim) => product * dim, 1);
        return {
          input,
          output,
          initial: { data: weights.get(input) ?? new Float32Array(length), dims: shape },
        };
      }),
    });
    const feeds = {
      ...(await goldenBatch()),
      "learningRate.encoder": { data: Float32Array.of(1e-6), dims: [] },
      "learningRate.decoder": { data: Float32Array.of(1e-5), dims: [] },
    };

    for (const [index, expected] of golden.losses.entries()) {
      const result = await session.run(feeds);
      const loss = result.loss?.data[0] ?? Number.NaN;
      expect(Math.abs(loss / expected - 1)).toBeLessThan(tolerance.losses[index] ?? 0);
      if (index > 0) continue;
      const names = Object.keys(golden.grad_l2);
      expect([...step.gradients.keys()].sort()).toEqual(names.sort());
      const errors = names
        .filter((name) => name !== tolerance.zeroGradient)
        .map((name) => Math.abs(l2(result[`gradient:${name}`]?.data ?? []) / (golden.grad_l2[name] ?? 0) - 1))
        .sort((a, b) => a - b);
      expect(errors[errors.length >> 1]).toBeLessThan(1e-3);
      expect(errors.at(-1)).toBeLessThan(tolerance.worstGradient);
    }

    const after = await session.state();
    await session.dispose();
    for (const [name, expected] of Object.entries(golden.param_l2_after_3_steps)) {
      const stored = after[name]?.data ?? weights.get(name) ?? [];
      expect(Math.abs(l2(stored) / expected - 1), name).toBeLessThan(1e-4);
    }
    for (const [name, expected] of Object.entries(golden.running_after_3_steps ?? {})) {
      expect(Math.abs(l2(after[name]?.data ?? []) / expected - 1), name).toBeLessThan(tolerance.running);
    }
  });
});
