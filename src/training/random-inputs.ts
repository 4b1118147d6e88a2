import { countValues, fixedShape } from "../graph/shape.ts";
import type { RandomInput } from "../models/scope.ts";
import { createRandom } from "../random.ts";
import type { TensorData } from "../runtime/session.ts";

/**
 * Draws a network's random inputs for one training step, in the network's order, from one seed.
 *
 * @param replicas how many networks divide them among them, along the first axis, as they divide the batch
 */
export function drawRandomInputs(
  inputs: ReadonlyMap<string, RandomInput>,
  seed: number,
  replicas = 1,
): Record<string, TensorData> {
  const random = createRandom(seed);
  const feeds: Record<string, TensorData> = {};
  for (const [name, { tensor, rate }] of inputs) {
    const [first = 1, ...inner] = fixedShape("drawRandomInputs", tensor.shape);
    const shape = [replicas * first, ...inner];
    const length = countValues(shape);
    const data =
      rate === undefined
        ? Float32Array.from({ length }, random)
        : Uint8Array.from({ length }, () => (random() < rate ? 0 : 1));
    feeds[name] = { data, shape };
  }
  return feeds;
}
