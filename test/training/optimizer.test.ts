import { describe, expect, it } from "vitest";
import { input, parameter, type Tensor } from "../../src/graph/tensor.ts";
import {
  adamInputs,
  biasCorrections,
  type OptimizerSettings,
  updateParameter,
} from "../../src/training/optimizer.ts";
import { optimizers } from "../../src/training/settings.ts";
import { isMemory } from "../../src/training/state-names.ts";
import { floats, runGraph } from "../support/run-graph.ts";

const zero = { initialization: { kind: "constant", value: 0 } } as const;
const start = [1, -2, 0.5];
const gradients = [
  [0.1, -0.5, 0],
  [0.3, 0.25, -1],
  [-2, 0.125, 0.5],
];
const settings = { momentum: 0.9, beta2: 0.99, weightDecay: 0.1 };

/** Three steps of torch.optim.SGD, Adam and AdamW (1.13, float64) from these values, learning rate 0.01. */
const byPyTorch = {
  sgd: [
    [0.998, -1.993, 0.4995],
    [0.992202, -1.987207, 0.5085505],
    [1.005991598, -1.981256093, 0.5111874],
  ],
  adam: [
    [0.99, -1.99, 0.490000002],
    [0.980358554, -1.98384434, 0.49706362],
    [0.984854912, -1.978433636, 0.498606064],
  ],
  adamw: [
    [0.989000001, -1.988, 0.4995],
    [0.97884975, -1.983345006, 0.506425098],
    [0.983050583, -1.980745779, 0.508203037],
  ],
};

/** The parameter after each step. */
async function descend(own: OptimizerSettings): Promise<number[][]> {
  const update = updateParameter({
    name: "p",
    parameter: parameter("p", [3], zero),
    gradient: input("g", [3]),
    rate: input("rate", []),
    corrections: biasCorrections("all"),
    settings: own,
  });
  const outputs: Record<string, Tensor> = { "next:p": update.next };
  for (const { name, next } of update.memory) outputs[`next:${name}`] = next;
  const state = Object.fromEntries(update.memory.map(({ name }) => [name, floats([0, 0, 0])]));
  state.p = floats(start);
  const steps: number[][] = [];
  for (const [step, gradient] of gradients.entries()) {
    const scalars = { rate: 0.01, ...adamInputs(step, "all", own) };
    const fed = Object.entries(scalars).map(([name, value]) => [name, floats([value], [])] as const);
    const results = await runGraph(outputs, { ...state, ...Object.fromEntries(fed), g: floats(gradient) });
    for (const [name, value] of Object.entries(results)) state[name.replace("next:", "")] = value;
    steps.push(Array.from(state.p?.data ?? []));
  }
  return steps;
}

describe("updateParameter", () => {
  it.each(optimizers)("takes PyTorch's steps with %s", async (optimizer) => {
    const steps = await descend({ optimizer, ...settings });
    for (const [step, expected] of byPyTorch[optimizer].entries())
      for (const [index, value] of expected.entries()) expect(steps[step]?.[index]).toBeCloseTo(value, 6);
  });

  it("does not decay where the factor is 0: both Adams are then one", async () => {
    const adam = await descend({ optimizer: "adam", ...settings, weightDecay: 0 });
    expect(await descend({ optimizer: "adamw", ...settings, weightDecay: 0 })).toEqual(adam);
    // The first step of Adam has the size of the learning rate, whatever the gradient.
    expect(adam[0]?.[0]).toBeCloseTo(0.99, 6);
    expect(adam[0]?.[1]).toBeCloseTo(-1.99, 6);
    expect(adam[0]?.[2]).toBe(0.5);
  });

  it("names what it remembers so that it is told from parameters", () => {
    for (const optimizer of optimizers) {
      const { memory } = updateParameter({
        name: "layer1.0.weight",
        parameter: parameter("layer1.0.weight", [1], zero),
        gradient: input("g", [1]),
        rate: input("rate", []),
        corrections: biasCorrections("all"),
        settings: { optimizer, ...settings },
      });
      expect(memory.length).toBe(optimizer === "sgd" ? 1 : 2);
      for (const { name } of memory) expect(isMemory(name), name).toBe(true);
    }
    expect(isMemory("layer1.0.weight")).toBe(false);
  });
});
