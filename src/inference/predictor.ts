import { LightsegError } from "../errors.ts";
import { checkPhoto } from "../images/check.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import type { Dtype } from "../model-files/dtype.ts";
import { isQuantized, type RunnableModel } from "../model-files/model.ts";
import type { Engine, Session, TensorData } from "../runtime/session.ts";
import { compileOnnx } from "./compile-onnx.ts";
import { type Prediction, type SampledConfidence, sampleConfidence } from "./confidence.ts";
import { upsampleLabels } from "./upsample-labels.ts";

/** A model with its engine, ready to run. Library, evaluation and command line all use it. */
export interface Predictor {
  /** Raw scores of a photo at the decoder's resolution, float32 `[1, classes, h, w]`. */
  predict(photo: Photo): Promise<TensorData>;
  /** The best class of each pixel, from scores that `predict` gave. */
  chooseLabels(scores: TensorData, size: { width: number; height: number }): Uint8Array;
  /** How sure the network is of the labels, from scores that `predict` gave. */
  sampleConfidence(scores: TensorData, size: { width: number; height: number }): SampledConfidence;
  dispose(): Promise<void>;
}

/** Options of `createPredictor`. */
export interface PredictorOptions extends Engine {
  /** What the network is computed in; quantised models are always int8. Defaults to fp32. */
  readonly dtype?: Dtype | undefined;
}

/**
 * Makes a model ready to run. Its sessions are opened when they are needed.
 *
 * The engine is faster for a size that it knows beforehand. So the first photo opens a session for its size,
 * and the first photo of another size opens one for all other sizes.
 */
export function createPredictor(
  model: RunnableModel,
  { dtype, open, target = open.provider === "webgpu" ? "plain" : "blocked", threads }: PredictorOptions,
): Predictor {
  const { alignCorners } = model;
  const { provider } = open;
  const sessions = isQuantized(model)
    ? openOnce(() => open(model.onnx, { threads }))
    : openForSizes((size) => open(compileOnnx(model, { dtype, size, target, provider }), { threads }));
  return {
    async predict(photo) {
      checkPhoto(photo, "predict");
      const { width, height, data } = photo;
      const session = await sessions.for([height, width]);
      const { scores } = await session.run({ pixels: { data, shape: [1, height, width, 3] } }, ["scores"]);
      checkScores(scores);
      return scores;
    },
    chooseLabels: (scores, { width, height }) => upsampleLabels(scores, { width, height, alignCorners }),
    sampleConfidence: (scores, { width, height }) =>
      sampleConfidence(scores, { width, height, alignCorners }),
    dispose: () => sessions.dispose(),
  };
}

/** Of NaN every class is the best. @throws LightsegError RUNTIME */
function checkScores({ data }: TensorData): void {
  let sum = 0;
  for (const score of data) sum += score;
  if (Number.isFinite(sum)) return;
  const hint = "the weights are damaged, or too large for fp16: try fp32";
  const rule = "must be finite";
  throw new LightsegError({ code: "RUNTIME", where: "predict", argument: "scores", rule, value: sum, hint });
}

type Size = readonly [height: number, width: number];

interface Sessions {
  for(size: Size): Promise<Session>;
  dispose(): Promise<void>;
}

function openOnce(open: () => Promise<Session>): Sessions {
  let only: Promise<Session> | undefined;
  return {
    for() {
      only ??= open();
      return only;
    },
    dispose: () => free(only),
  };
}

function openForSizes(open: (size?: Size) => Promise<Session>): Sessions {
  let first: { size: Size; session: Promise<Session> } | undefined;
  const others = openOnce(open);
  return {
    for(size) {
      first ??= { size, session: open(size) };
      return String(first.size) === String(size) ? first.session : others.for(size);
    },
    async dispose() {
      await Promise.all([free(first?.session), others.dispose()]);
    },
  };
}

/** A session that could not be opened has nothing to free. */
async function free(opening: Promise<Session> | undefined): Promise<void> {
  const session = await opening?.catch(() => undefined);
  await session?.dispose();
}

/** A predictor as a function from photo to label map. */
export function predictLabels(predictor: Predictor): (photo: Photo) => Promise<LabelMap> {
  return async (photo) => {
    const { width, height } = photo;
    const scores = await predictor.predict(photo);
    return { width, height, data: predictor.chooseLabels(scores, photo) };
  };
}

/** As `predictLabels`, with the confidence of the labels. */
export function predictWithConfidence(predictor: Predictor): (photo: Photo) => Promise<Prediction> {
  return async (photo) => {
    const { width, height } = photo;
    const scores = await predictor.predict(photo);
    const data = predictor.chooseLabels(scores, photo);
    return { width, height, data, confidence: predictor.sampleConfidence(scores, photo) };
  };
}
