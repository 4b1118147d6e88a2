import type { Tensor } from "../tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

/**
 * Keeps feature maps in ONNX Runtime's blocked layout (NCHWc) on CPUs: every op that has a form for it takes
 * that form.
 *
 * Exact: no value changes.
 */
export function keepBlocked(outputs: readonly Tensor[]): (tensor: Tensor) => Tensor {
  return rewriteGraph(outputs, (tensor) => tensor.blockedForm() ?? tensor);
}
