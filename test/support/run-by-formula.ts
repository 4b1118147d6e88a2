import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { countValues } from "../../src/graph/shape.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { createRandom, fnv1a } from "../../src/random.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { TensorData } from "../../src/runtime/session.ts";
import { relativeError } from "./array.ts";
import { valuesByFormula } from "./formula.ts";

/** A part of a network's output in PyTorch: see `about` of the fixtures. */
export interface SampledOutput {
  output: readonly number[];
  /** The largest magnitude of the whole output. */
  largest: number;
  /** Every `every`th value, row-major, the first included. */
  values: readonly number[];
}

/** Values in [-1, 1), row-major: photos by the formula of bench/pytorch/formula.py. */
export function photoByFormula(shape: readonly number[]): TensorData {
  const random = createRandom(fnv1a("image"));
  return { data: Float32Array.from({ length: countValues(shape) }, () => 2 * random() - 1), shape };
}

/** Computes a network's outputs for a photo by formula, all parameters filled by formula. */
export async function runByFormula(
  outputs: Readonly<Record<string, Tensor>>,
  shapes: ReadonlyMap<string, readonly number[]>,
  input: readonly number[],
): Promise<Readonly<Record<string, TensorData | undefined>>> {
  const model = lowerToOnnx(outputs, { parameters: (name) => valuesOf(name, shapes.get(name) ?? []) });
  const session = await openNodeSession(model);
  try {
    return await session.run({ image: photoByFormula(input) }, Object.keys(outputs));
  } finally {
    await session.dispose();
  }
}

const known = new Map<string, Float32Array>();

/** Most networks share parameters. Filling takes longest, so each parameter is filled once. */
function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const key = `${name} ${shape}`;
  const values = known.get(key) ?? valuesByFormula(name, shape);
  known.set(key, values);
  return values;
}

/** Compares an output with PyTorch's: the same shape, and values within 1e-4 of the largest. */
export function expectSampled(actual: TensorData | undefined, expected: SampledOutput, every: number): void {
  expect(actual?.shape).toEqual(expected.output);
  const data = actual?.data ?? [];
  const sampled = expected.values.map((_, index) => data[every * index] ?? Number.NaN);
  let largest = 0;
  for (let index = 0; index < data.length; index++) largest = Math.max(largest, Math.abs(data[index] ?? 0));
  expect(relativeError([...sampled, largest], [...expected.values, expected.largest])).toBeLessThan(1e-4);
}

/** The names and shapes of parameters and stored statistics that the authors gave a network. */
export function readNames(network: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/names/${network}.json`, import.meta.url), "utf8"));
}
