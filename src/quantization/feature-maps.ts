import { relu6Op, reluOp } from "../graph/ops/activation.ts";
import { convolutionOp } from "../graph/ops/convolution.ts";
import { maxPoolOp } from "../graph/ops/pooling.ts";
import { dequantizeOp } from "../graph/ops/quantize.ts";
import { resizeOp } from "../graph/ops/resize.ts";
import { countReaders } from "../graph/rewrite/rewrite.ts";
import { collect, type Tensor } from "../graph/tensor.ts";

/** What is done with a feature map of a quantised network. */
export type Treatment =
  /** It gets a range of its own. */
  | "quantized"
  /** Its values are those of its first input, or between them, and it keeps its quantisation. */
  | "inherited"
  /** Nobody but a ReLU reads it: the ReLU is what is left where the quantised values cannot be negative. */
  | "absorbed";

/**
 * The feature maps that are quantised, and how: what convolutions read, and what convolutions, sums, their ReLUs, max-pooling and
 * resizing of quantised maps give. ONNX Runtime has integer kernels for these; all other maps stay float.
 */
export function treatFeatureMaps(outputs: readonly Tensor[]): ReadonlyMap<Tensor, Treatment> {
  const tensors = collect(outputs);
  const readers = countReaders(outputs);
  const convolved = new Set(tensors.filter(convolutionOp.made).map(({ inputs: [x] }) => x));
  const treatments = new Map<Tensor, Treatment>();
  for (const tensor of tensors) {
    const [x] = tensor.inputs;
    const isKnown = x !== undefined && treatments.has(x);
    if (dequantizeOp.made(tensor)) treatments.set(tensor, "inherited");
    else if (isKnown && (maxPoolOp.made(tensor) || resizeOp.made(tensor)))
      treatments.set(tensor, "inherited");
    else if (isKnown && (reluOp.made(tensor) || relu6Op.made(tensor))) {
      if (isSum(x, treatments) && readers(x) === 1) treatments.set(x, "absorbed");
      treatments.set(tensor, "quantized");
    } else if (isSum(tensor, treatments) || convolved.has(tensor)) treatments.set(tensor, "quantized");
  }
  return treatments;
}

/** A convolution, or the sum of two maps that are whole numbers. */
function isSum(tensor: Tensor, treatments: ReadonlyMap<Tensor, Treatment>): boolean {
  if (convolutionOp.made(tensor)) return true;
  return tensor.op === "add" && tensor.inputs.every((input) => treatments.has(input));
}
