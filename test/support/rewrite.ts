import { collect, parameter, type Tensor } from "../../src/graph/tensor.ts";
import { expectClose, uniform } from "./array.ts";
import { type Feeds, floats, runGraph } from "./run-graph.ts";

/** A parameter whose value the tests feed. */
export function weight(name: string, shape: readonly number[]): Tensor {
  return parameter(name, shape, { initialization: { kind: "constant", value: 0 } });
}

/** Expects a rewritten graph to compute the same from random values of all inputs and parameters. */
export async function expectSameValues(plain: Tensor, rewritten: Tensor): Promise<void> {
  const feeds: Record<string, Feeds[string]> = {};
  for (const { leaf, shape: symbolic } of collect([plain])) {
    if (leaf?.kind !== "input" && leaf?.kind !== "parameter") continue;
    const shape = symbolic.map(Number);
    feeds[leaf.name] = floats(uniform(shape, { seed: leaf.name }).data, shape);
  }
  const results = await runGraph({ plain, rewritten }, feeds);
  expectClose(results.rewritten, results.plain);
}
