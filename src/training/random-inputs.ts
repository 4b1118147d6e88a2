import { countValues, fixedShape } from "../graph/shape.ts";
import type { RandomInput } from "../models/scope.ts";
import { createRandom } from "../random.ts";
import type { TensorData } from "../runtime/session.ts";

/** Draws a network's random inputs for one training step, in the network's order, from one seed. */
export function drawRandomInputs(
  inputs: ReadonlyMap<string, RandomInput>,
  seed: number,
): Record<string, TensorData> {
  const random = createRandom(seed);
  const feeds: Record<string, TensorData> = {};
  for (const [name, { tensor, rate }] of inputs) {
    const shape = fixedShape("drawRandomInputs", tensor.shape);
    const length = countValues(shape);
    const data =
      rate === undefined
        ? Float32Array.from({ length }, random)
        : Uint8Array.from({ length }, () => (random() < rate ? 0 : 1));
    feeds[name] = { data, shape };
  }
  return feeds;
}
