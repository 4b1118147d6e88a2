import { lowerToOnnx } from "../graph/onnx/lower.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Weights } from "../models/weights.ts";
import type { Engine, Session } from "../runtime/session.ts";

/** Opens a graph with the weights of a network as a session. @param outputs by name */
export async function openGraph(
  outputs: Readonly<Record<string, Tensor>>,
  weights: Weights,
  { open, threads }: Engine,
): Promise<Session> {
  const model = lowerToOnnx(outputs, {
    parameters: (name) => weights.get(name)?.data ?? "input",
    provider: open.provider,
  });
  return open(model, { threads });
}
