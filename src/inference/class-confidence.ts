import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { bestClass, confidence } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import { symbol } from "../graph/shape.ts";
import { input } from "../graph/tensor.ts";
import type { ModelDescription } from "../model-files/model.ts";
import type { Engine, Session, TensorData } from "../runtime/session.ts";
import { sumByLabel } from "./class-shares.ts";

/** Tells how sure a network is of each class that it finds. Owns an engine session. */
export interface ConfidenceMeter {
  /**
   * The mean softmax probability of each class over the pixels where it is best, 0..1, by label; 0 for
   * classes that are nowhere best.
   *
   * @param scores float32 `[1, classes, h, w]`
   * @param size that of the photo which the network saw
   */
  measure(scores: TensorData, size: PhotoSize): Promise<Float64Array>;
  /**
   * The best class of each pixel and its softmax probability, 0..1, both `[height, width]`; arguments as
   * those of `measure`.
   */
  measurePixels(scores: TensorData, size: PhotoSize): Promise<PixelConfidence>;
  dispose(): Promise<void>;
}

interface PhotoSize {
  readonly width: number;
  readonly height: number;
}

export interface PixelConfidence {
  readonly labels: Uint8Array;
  readonly confidence: Float32Array;
}

/** Opens the small model that gives the confidence of each pixel from the scores. */
export async function openConfidenceMeter(
  { classes, alignCorners }: ModelDescription,
  { open, threads }: Engine,
): Promise<ConfidenceMeter> {
  const session: Session = await open(buildGraph(classes.length, alignCorners), { threads });
  const measurePixels = async (scores: TensorData, { width, height }: PhotoSize) => {
    // Only its size is read, so it has no channels and no bytes.
    const like = { data: new Uint8Array(0), shape: [1, 0, height, width] };
    const { labels, confidence } = await session.run({ scores, like }, ["labels", "confidence"]);
    if (!(labels.data instanceof Uint8Array && confidence.data instanceof Float32Array))
      throw new TypeError("the confidence has another element type");
    return { labels: labels.data, confidence: confidence.data };
  };
  return {
    measurePixels,
    async measure(scores, size) {
      const { labels, confidence } = await measurePixels(scores, size);
      const counts = sumByLabel(labels);
      return sumByLabel(labels, confidence).map((sum, label) => sum / Math.max(1, counts[label] ?? 0));
    },
    dispose: () => session.dispose(),
  };
}

function buildGraph(classes: number, alignCorners: boolean): Uint8Array {
  const scores = input("scores", [1, classes, symbol("h"), symbol("w")]);
  const like = input("like", [1, 0, symbol("H"), symbol("W")], "uint8");
  const fullSize = resize(scores, { like, alignCorners });
  return lowerToOnnx(
    { labels: bestClass(fullSize), confidence: confidence(fullSize) },
    { parameters: () => "input" },
  );
}
