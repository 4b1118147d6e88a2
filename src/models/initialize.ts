import { countValues, fixedShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { createRandom, deriveSeed } from "../training/random.ts";

/**
 * The value of a parameter before training: PyTorch's default for convolutions (uniform in ±1/sqrt(fan in)),
 * 1 and 0 for batch norm. The same for a seed, whatever else the network holds.
 */
export function initialValue(parameter: Tensor, seed: number): Float32Array {
  if (parameter.leaf?.kind !== "parameter") throw new TypeError(`${parameter.op} is not a parameter`);
  const { name, parameter: options } = parameter.leaf;
  const values = new Float32Array(countValues(fixedShape("initialValue", parameter.shape)));
  const { initialization } = options;
  if (initialization.kind === "constant") return values.fill(initialization.value);
  const random = createRandom(deriveSeed("initialize", seed, name));
  const bound = 1 / Math.sqrt(initialization.fanIn);
  return values.map(() => (2 * random() - 1) * bound);
}
