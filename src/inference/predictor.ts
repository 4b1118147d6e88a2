import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { bestClass, confidence } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import type { Model } from "../models/model.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import { normalizeInto } from "../models/preprocessing.ts";
import type { OpenSession, Session, TensorData } from "../runtime/session.ts";

/** What a network can be asked for. */
export type OutputName =
  /** Raw scores at the decoder's resolution, float32 `[1, classes, h, w]`. */
  | "scores"
  /** The best class of every pixel of the photo, uint8 `[1, H, W]`. */
  | "labels"
  /** Softmax probability of that class, float32 `[1, H, W]`. */
  | "confidence";

/** Milliseconds spent on one photo. */
export interface Timing {
  /** Photo to normalised tensor. */
  preprocess: number;
  /** The network, including the upsampling of its scores and the choice of the best class. */
  inference: number;
  /** Everything after that. */
  postprocess: number;
}

/** A model that is ready to run; engine and pre-processing in one place for evaluation, library and command line. */
export interface Predictor {
  predict(photo: Photo): Promise<{ outputs: Partial<Record<OutputName, TensorData>>; timing: Timing }>;
  dispose(): Promise<void>;
}

/** Makes the asked outputs of a model computable; what is not asked for is not computed. */
export async function createPredictor(
  model: Model,
  { outputs, open, threads }: { outputs: readonly OutputName[]; open: OpenSession; threads?: number },
): Promise<Predictor> {
  const session = await open(lowerModel(model, outputs), { threads });
  return {
    predict: (photo) => predict(session, model, photo),
    dispose: () => session.dispose(),
  };
}

async function predict(session: Session, model: Model, photo: Photo) {
  const start = performance.now();
  const data = new Float32Array(3 * photo.width * photo.height);
  normalizeInto(photo, model.preprocessing, data, 0);
  const prepared = performance.now();
  const outputs = await session.run({ image: { data, dims: [1, 3, photo.height, photo.width] } });
  const timing = { preprocess: prepared - start, inference: performance.now() - prepared, postprocess: 0 };
  return { outputs, timing };
}

function lowerModel(model: Model, outputs: readonly OutputName[]): Uint8Array {
  const network = buildNetwork({ network: model.network, classes: model.classes.length });
  const wanted = selectOutputs(network, outputs);
  const folded = foldBatchNorm(Object.values(wanted));
  return lowerToOnnx(
    Object.fromEntries(Object.entries(wanted).map(([name, tensor]) => [name, folded(tensor)])),
    {
      parameters: (name) => model.weights.get(name)?.data ?? "input",
    },
  );
}

function selectOutputs({ image, scores, alignCorners }: Network, outputs: readonly OutputName[]) {
  const fullSize = resize(scores, { like: image, alignCorners });
  const all = { scores, labels: bestClass(fullSize), confidence: confidence(fullSize) };
  return Object.fromEntries(outputs.map((name) => [name, all[name]]));
}

/** A predictor with the output `labels` as a function from photo to label map. */
export function predictLabels(predictor: Predictor): (photo: Photo) => Promise<LabelMap> {
  return async (photo) => {
    const { outputs } = await predictor.predict(photo);
    return { width: photo.width, height: photo.height, data: labelsOf(outputs) };
  };
}

/** The output `labels` of a predictor that was asked for it. */
export function labelsOf({ labels }: Partial<Record<OutputName, TensorData>>): Uint8Array {
  if (labels?.data instanceof Uint8Array) return labels.data;
  throw new TypeError("the predictor has no labels");
}
