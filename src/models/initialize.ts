import { countValues, fixedShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { createRandom, deriveSeed, type Random } from "../random.ts";
import type { Weights } from "./weights.ts";

/**
 * Initial weights of convolutions: `uniform`, PyTorch's default, in ±1/sqrt(fan in), biases too; or
 * `kaiming`, normal with variance 2 / fan in (He et al. 2015) and biases at 0, for training from scratch.
 */
export const initializationSchemes = ["uniform", "kaiming"] as const;

export type InitializationScheme = (typeof initializationSchemes)[number];

/** A parameter's first value, from seed and name alone. Batch norm begins as the identity. */
export function initialValue(
  parameter: Tensor,
  { seed, scheme = "uniform" }: { seed: number; scheme?: InitializationScheme },
): Float32Array {
  if (parameter.leaf?.kind !== "parameter") throw new TypeError(`${parameter.op} is not a parameter`);
  const { name, parameter: options } = parameter.leaf;
  const values = new Float32Array(countValues(fixedShape("initialValue", parameter.shape)));
  const { initialization } = options;
  if (initialization.kind === "constant") return values.fill(initialization.value);
  const random = createRandom(deriveSeed("initialize", seed, name));
  if (scheme === "uniform") {
    const bound = 1 / Math.sqrt(initialization.fanIn);
    return values.map(() => (2 * random() - 1) * bound);
  }
  const deviation = Math.sqrt(2 / initialization.fanIn);
  return parameter.shape.length === 1 ? values : values.map(() => deviation * normal(random));
}

/** Values of all parameters of a network before training, by name. */
export function initialWeights(
  parameters: ReadonlyMap<string, Tensor>,
  options: Parameters<typeof initialValue>[1],
): Weights {
  return new Map(
    [...parameters].map(([name, parameter]) => [
      name,
      { shape: fixedShape("initialWeights", parameter.shape), data: initialValue(parameter, options) },
    ]),
  );
}

/** A number of the standard normal distribution (Box-Muller). */
function normal(random: Random): number {
  // 1 - u lies in (0, 1]: its logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
