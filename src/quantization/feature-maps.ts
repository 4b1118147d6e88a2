import { countReaders } from "../graph/rewrite/rewrite.ts";
import { collect, type Tensor } from "../graph/tensor.ts";

/** How a feature map of a quantized network is treated. */
export type Treatment =
  /** It gets a range of its own. */
  | "quantized"
  /** Its values are those of its first input, or between them, and it keeps its quantization. */
  | "inherited"
  /** Nobody but a ReLU reads it: the ReLU is what is left where the quantized values cannot be negative. */
  | "absorbed";

/**
 * The feature maps that are quantized, and how: inputs of convolutions, and results of convolutions, sums,
 * their ReLUs, max-pooling and resizing of quantized maps. ONNX Runtime has integer kernels for these; other
 * maps stay float.
 */
export function treatFeatureMaps(outputs: readonly Tensor[]): ReadonlyMap<Tensor, Treatment> {
  const tensors = collect(outputs);
  const readers = countReaders(outputs);
  const weighted = new Set(
    tensors.filter(({ quantized }) => quantized === "weighted").map(({ inputs: [x] }) => x),
  );
  const treatments = new Map<Tensor, Treatment>();
  for (const tensor of tensors) {
    const [x] = tensor.inputs;
    const isKnown = x !== undefined && treatments.has(x);
    const { quantized } = tensor;
    if (quantized === "stored" || (isKnown && quantized === "inherited")) treatments.set(tensor, "inherited");
    else if (isKnown && quantized === "absorbs") {
      if (hasIntegerKernel(x, treatments) && readers(x) === 1) treatments.set(x, "absorbed");
      treatments.set(tensor, "quantized");
    } else if (hasIntegerKernel(tensor, treatments) || weighted.has(tensor))
      treatments.set(tensor, "quantized");
  }
  return treatments;
}

function hasIntegerKernel(
  { quantized, inputs }: Tensor,
  treatments: ReadonlyMap<Tensor, Treatment>,
): boolean {
  if (quantized === "computed") return inputs.every((input) => treatments.has(input));
  return quantized === "weighted";
}
