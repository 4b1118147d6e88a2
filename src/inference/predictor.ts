import { checkParts } from "../check.ts";
import { disposedError, LightsegError } from "../errors.ts";
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
  /** Whether scores that `predict` gave came of the first run of a session, which prepares the engine. */
  isFirstRun(scores: TensorData): boolean;
  /** The best class of each pixel, from scores that `predict` gave. */
  chooseLabels(scores: TensorData, size: { width: number; height: number }): Uint8Array;
  /** How sure the network is of the labels, from scores that `predict` gave. */
  sampleConfidence(scores: TensorData, size: { width: number; height: number }): SampledConfidence;
  dispose(): Promise<void>;
}

/** Options of `createPredictor`. */
export interface PredictorOptions extends Engine {
  /** What the network is computed in; quantized models are always int8. Defaults to fp32. */
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
    ? openOnce(async () => ({ session: await open(model.onnx, { threads }), labels: false }))
    : openForSizes(async (size) => {
        const labels =
          provider === "webgpu" && size && fitsBuffer(model.classes.length, size) ? size : undefined;
        const onnx = compileOnnx(model, { dtype, size, target, provider, labels });
        return { session: await open(onnx, { threads }), labels: labels !== undefined };
      });
  const used = new WeakSet<Session>();
  const firstScores = new WeakSet<TensorData>();
  /** Labels at a photo's size that a GPU gave with its scores. */
  const given = new WeakMap<TensorData, TensorData>();
  let isDisposed = false;
  return {
    async predict(photo) {
      if (isDisposed) throw disposedError("predict", "predictor");
      checkPhoto(photo, "predict");
      const { width, height, data } = photo;
      const { session, labels } = await sessions.for([height, width]);
      const feeds = { pixels: { data, shape: [1, height, width, 3] } };
      const found = await session.run(feeds, labels ? ["scores", "labels"] : ["scores"]);
      checkScores(found.scores);
      if (!used.has(session)) firstScores.add(found.scores);
      used.add(session);
      if (labels) given.set(found.scores, found.labels);
      return found.scores;
    },
    isFirstRun: (scores) => firstScores.has(scores),
    chooseLabels(scores, { width, height }) {
      const { data, shape } = given.get(scores) ?? {};
      if (data instanceof Uint8Array && String(shape) === String([1, height, width])) return data;
      return upsampleLabels(scores, { width, height, alignCorners });
    },
    sampleConfidence: (scores, { width, height }) =>
      sampleConfidence(scores, { width, height, alignCorners }),
    dispose() {
      isDisposed = true;
      return sessions.dispose();
    },
  };
}

/** Of NaN every class is the best. @throws LightsegError RUNTIME */
function checkScores({ data }: TensorData): void {
  let sum = 0;
  for (let index = 0; index < data.length; index++) sum += data[index] ?? 0;
  if (Number.isFinite(sum)) return;
  const hint = "the weights are damaged, or too large for fp16: try fp32";
  const rule = "must be finite";
  throw new LightsegError({ code: "RUNTIME", where: "predict", argument: "scores", rule, value: sum, hint });
}

/** The most that WebGPU promises for one buffer, in bytes. */
const LARGEST_BUFFER = 2 ** 27;

/** Whether a GPU can hold scores at a photo's size, of which it takes labels; a processor needs none. */
function fitsBuffer(classes: number, [height, width]: Size): boolean {
  return 4 * classes * height * width <= LARGEST_BUFFER;
}

type Size = readonly [height: number, width: number];

interface Opened {
  readonly session: Session;
  /** Whether labels are an output too. */
  readonly labels: boolean;
}

interface Sessions {
  for(size: Size): Promise<Opened>;
  dispose(): Promise<void>;
}

function openOnce(open: () => Promise<Opened>): Sessions {
  let only: Promise<Opened> | undefined;
  return {
    for() {
      only ??= open().catch((error: unknown) => {
        // The next photo tries anew.
        only = undefined;
        throw error;
      });
      return only;
    },
    dispose: () => free(only),
  };
}

function openForSizes(open: (size?: Size) => Promise<Opened>): Sessions {
  let first: { size: Size; sessions: Sessions } | undefined;
  const others = openOnce(open);
  return {
    for(size) {
      first ??= { size, sessions: openOnce(() => open(size)) };
      return String(first.size) === String(size) ? first.sessions.for(size) : others.for(size);
    },
    async dispose() {
      await Promise.all([first?.sessions.dispose(), others.dispose()]);
    },
  };
}

/** A session that could not be opened has nothing to free. */
async function free(opening: Promise<Opened> | undefined): Promise<void> {
  const opened = await opening?.catch(() => undefined);
  await opened?.session.dispose();
}

/** @throws LightsegError INVALID_ARGUMENT for anything else */
export function checkPredictor(predictor: Predictor, where: string): void {
  const rule = "must be what createPredictor gives";
  checkParts(predictor, ["predict", "chooseLabels"], where, "predictor", rule);
}

/** A predictor as a function from photo to label map. */
export function predictLabels(predictor: Predictor): (photo: Photo) => Promise<LabelMap> {
  checkPredictor(predictor, "predictLabels");
  return async (photo) => {
    const { width, height } = photo;
    const scores = await predictor.predict(photo);
    return { width, height, data: predictor.chooseLabels(scores, photo) };
  };
}

/** As `predictLabels`, with the confidence of the labels. */
export function predictWithConfidence(predictor: Predictor): (photo: Photo) => Promise<Prediction> {
  checkPredictor(predictor, "predictWithConfidence");
  return async (photo) => {
    const { width, height } = photo;
    const scores = await predictor.predict(photo);
    const data = predictor.chooseLabels(scores, photo);
    return { width, height, data, confidence: predictor.sampleConfidence(scores, photo) };
  };
}
