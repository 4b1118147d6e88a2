import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { confidence } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import { symbol } from "../graph/shape.ts";
import { input } from "../graph/tensor.ts";
import { checkPhoto } from "../images/check.ts";
import type { Photo } from "../images/types.ts";
import type { Model, ModelDescription } from "../models/model.ts";
import { findNetwork } from "../models/zoo.ts";
import type { OpenSession, Session, TensorData } from "../runtime/session.ts";
import type { OutputName } from "./compile.ts";
import type { Predictor } from "./predictor.ts";
import { upsampleLabels } from "./upsample-labels.ts";

/** The key of an ONNX model's metadata that says that it is quantised, and how. */
export const QUANTIZATION_KEY = "lightseg:quantization";

/** A network with whole numbers for weights and feature maps: it can be run, and nothing else. */
export interface QuantizedModel extends ModelDescription {
  /** An ONNX model from `pixels`, uint8 `[N, H, W, 3]`, to `scores`, float32 `[N, classes, h, w]`. */
  readonly onnx: Uint8Array;
}

/** What photos can be segmented with. */
export type RunnableModel = Model | QuantizedModel;

export function isQuantized(model: RunnableModel): model is QuantizedModel {
  return "onnx" in model;
}

/** Makes the asked outputs computable: scores by the model itself, labels from them, confidence by a small graph behind it. */
export async function createQuantizedPredictor(
  model: QuantizedModel,
  { outputs, open, threads }: { outputs: readonly OutputName[]; open: OpenSession; threads?: number },
): Promise<Predictor> {
  const { alignCorners } = findNetwork(model.network).decoder;
  const network = await open(model.onnx, { threads });
  const sureness = outputs.includes("confidence")
    ? await open(confidenceGraph(model.classes.length, alignCorners), { threads })
    : undefined;
  return {
    async predict(photo) {
      checkPhoto(photo, "predict");
      const { width, height, data } = photo;
      const start = performance.now();
      const { scores } = await network.run({ pixels: { data, dims: [1, height, width, 3] } });
      if (!scores) throw new TypeError("the quantised model has no scores");
      const labels = outputs.includes("labels") && {
        data: upsampleLabels(scores, { width, height, alignCorners }),
        dims: [1, height, width],
      };
      const results = {
        ...(outputs.includes("scores") && { scores }),
        ...(labels && { labels }),
        ...(sureness && (await confidenceOf(sureness, scores, photo))),
      };
      const timing = { preprocess: 0, inference: performance.now() - start, postprocess: 0 };
      return { outputs: results, timing };
    },
    async dispose() {
      await network.dispose();
      await sureness?.dispose();
    },
  };
}

function confidenceGraph(classes: number, alignCorners: boolean): Uint8Array {
  const scores = input("scores", [1, classes, symbol("h"), symbol("w")]);
  const like = input("like", [1, 1, symbol("H"), symbol("W")], "uint8");
  return lowerToOnnx(
    { confidence: confidence(resize(scores, { like, alignCorners })) },
    { parameters: () => "input" },
  );
}

/** @returns the session's output `confidence`, `[1, H, W]` */
function confidenceOf(
  session: Session,
  scores: TensorData,
  { width, height }: Photo,
): Promise<Record<string, TensorData>> {
  // Nothing but the size is read of it.
  const like = { data: new Uint8Array(width * height), dims: [1, 1, height, width] };
  return session.run({ scores, like });
}
