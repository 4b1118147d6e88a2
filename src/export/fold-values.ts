import { convolutionOp } from "../graph/ops/convolution.ts";
import { batchNormOp } from "../graph/ops/normalization.ts";
import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { parameter, type Tensor } from "../graph/tensor.ts";

/** Begins the names of weights that no longer are the authors'. */
const FOLDED = "%";

/**
 * Folds batch norm with stored statistics into the convolution before it, as `foldBatchNorm` does, but works the new weights out
 * now and in double precision, so that only the result is rounded to what the file stores.
 *
 * @param values those of the parameters by name; the new ones are added, as `%` and the name of the convolution's weight
 * @returns what stands for an output
 */
export function foldValues(
  outputs: readonly Tensor[],
  values: Map<string, Float32Array>,
): (tensor: Tensor) => Tensor {
  const initialization = { kind: "constant", value: 0 } as const;
  const valuesOf = ({ leaf }: Tensor) => (leaf?.kind === "parameter" ? values.get(leaf.name) : undefined);

  return rewriteGraph(outputs, (tensor) => {
    if (!batchNormOp.made(tensor) || tensor.attributes.statistics !== "stored") return tensor;
    const [x, ...norm] = tensor.inputs;
    if (!x || !convolutionOp.made(x)) return tensor;
    const [image, weight, bias] = x.inputs;
    const [gamma, beta, mean, variance] = norm.map(valuesOf);
    const old = weight && valuesOf(weight);
    if (!image || weight?.leaf?.kind !== "parameter" || !old || !gamma || !beta || !mean || !variance)
      return tensor;
    const oldBias = bias && valuesOf(bias);
    const factors = Array.from(
      gamma,
      (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + tensor.attributes.epsilon),
    );
    const fan = old.length / factors.length;
    const name = `${FOLDED}${weight.leaf.name}`;
    const biasName = `${name}:bias`;
    values.set(
      name,
      old.map((value, index) => value * (factors[Math.floor(index / fan)] ?? 0)),
    );
    values.set(
      biasName,
      beta.map(
        (value, channel) =>
          value - ((mean[channel] ?? 0) - (oldBias?.[channel] ?? 0)) * (factors[channel] ?? 0),
      ),
    );
    return convolutionOp(
      [
        image,
        parameter(name, weight.shape.map(Number), { initialization }),
        parameter(biasName, [beta.length], { initialization }),
      ],
      x.attributes,
    );
  });
}
