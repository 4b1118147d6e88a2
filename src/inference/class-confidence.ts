import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { bestClass, confidence } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import { symbol } from "../graph/shape.ts";
import { input } from "../graph/tensor.ts";
import type { ModelDescription } from "../model-files/model.ts";
import { findNetwork } from "../models/zoo.ts";
import type { Session, TensorData } from "../runtime/session.ts";
import { sumByLabel } from "./class-shares.ts";
import type { PredictorOptions } from "./predictor.ts";

/** Tells how sure a network is of each class that it finds. Owns an engine session. */
export interface ConfidenceMeter {
  /**
   * The mean softmax probability of each class over the pixels where it is best, 0..1, by label; 0 for classes that are nowhere best.
   *
   * @param scores float32 `[1, classes, h, w]`
   * @param size that of the photo which the network saw
   */
  measure(scores: TensorData, size: { width: number; height: number }): Promise<Float64Array>;
  dispose(): Promise<void>;
}

export async function openConfidenceMeter(
  { network, classes }: ModelDescription,
  { open, threads }: Pick<PredictorOptions, "open" | "threads">,
): Promise<ConfidenceMeter> {
  const session: Session = await open(buildGraph(classes.length, findNetwork(network).decoder), { threads });
  return {
    async measure(scores, { width, height }) {
      // Nothing but the size is read of it.
      const like = { data: new Uint8Array(width * height), dims: [1, 1, height, width] };
      const { labels, confidence } = await session.run({ scores, like }, ["labels", "confidence"]);
      const counts = sumByLabel(labels.data);
      return sumByLabel(labels.data, confidence.data).map(
        (sum, label) => sum / Math.max(1, counts[label] ?? 0),
      );
    },
    dispose: () => session.dispose(),
  };
}

function buildGraph(classes: number, { alignCorners }: { alignCorners: boolean }): Uint8Array {
  const scores = input("scores", [1, classes, symbol("h"), symbol("w")]);
  const like = input("like", [1, 1, symbol("H"), symbol("W")], "uint8");
  const fullSize = resize(scores, { like, alignCorners });
  return lowerToOnnx(
    { labels: bestClass(fullSize), confidence: confidence(fullSize) },
    { parameters: () => "input" },
  );
}
