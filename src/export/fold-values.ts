import { convolutionOp } from "../graph/ops/convolution.ts";
import { batchNormOp } from "../graph/ops/normalization.ts";
import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { parameter, type Tensor } from "../graph/tensor.ts";
import { FOLDED } from "../weights/onnx.ts";

/**
 * Folds batch norm into the convolution before it like `foldBatchNorm`, but works the new weights out at once.
 *
 * The graph then holds nothing but their values, so that a file of low precision rounds these alone and not their factors.
 *
 * @param values of the parameters by name
 * @returns the rewritten outputs by name, and the values of their parameters; new ones have names that begin with `%folded:`
 */
export function foldValues(
  outputs: Readonly<Record<string, Tensor>>,
  values: ReadonlyMap<string, Float32Array>,
): { outputs: Record<string, Tensor>; values: ReadonlyMap<string, Float32Array> } {
  const all = new Map(values);
  const valuesOf = (tensor: Tensor | undefined) => tensor && all.get(nameOf(tensor));
  const addParameter = (name: string, shape: readonly number[], data: Float32Array) => {
    all.set(name, data);
    return parameter(name, shape, { initialization: { kind: "constant", value: 0 } });
  };

  const current = rewriteGraph(Object.values(outputs), (tensor) => {
    if (!batchNormOp.made(tensor) || tensor.attributes.statistics !== "stored") return tensor;
    const [x, ...norm] = tensor.inputs;
    if (!x || !convolutionOp.made(x)) return tensor;
    const [image, weight, bias] = x.inputs;
    const [gamma, beta, mean, variance] = norm.map(valuesOf);
    const kernels = valuesOf(weight);
    if (!image || !weight || !kernels || !gamma || !beta || !mean || !variance) return tensor;

    const { epsilon } = tensor.attributes;
    const factors = Array.from(gamma, (g, channel) => g / Math.sqrt((variance[channel] ?? 0) + epsilon));
    const biases = valuesOf(bias);
    const foldedBias = beta.map((b, channel) => {
      const offset = (mean[channel] ?? 0) - (biases?.[channel] ?? 0);
      return b - offset * (factors[channel] ?? 0);
    });
    const kernelSize = kernels.length / factors.length;
    const folded = kernels.map((w, index) => w * (factors[Math.floor(index / kernelSize)] ?? 0));
    // One convolution may stand before several norms.
    const name = `${FOLDED}${nameOf(weight)}*${nameOf(norm[0])}`;
    const newWeight = addParameter(name, weight.shape.map(Number), folded);
    return convolutionOp(
      [image, newWeight, addParameter(`${name}+bias`, [beta.length], foldedBias)],
      x.attributes,
    );
  });
  const rewritten = Object.entries(outputs).map(([name, tensor]) => [name, current(tensor)]);
  return { outputs: Object.fromEntries(rewritten), values: all };
}

function nameOf(tensor: Tensor | undefined): string {
  return tensor?.leaf?.kind === "parameter" ? tensor.leaf.name : "";
}
