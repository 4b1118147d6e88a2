import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { checkPhoto } from "../images/check.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import type { OpenSession, Session, TensorData } from "../runtime/session.ts";
import { compileForInference, type OutputName } from "./compile.ts";
import { createQuantizedPredictor, isQuantized, type RunnableModel } from "./quantized-model.ts";

export type { OutputName } from "./compile.ts";

/** Milliseconds spent on one photo. */
export interface Timing {
  /** Before the network: shrinking of photos that are too large. */
  preprocess: number;
  /** The network, from normalising the photo to upsampling the scores and choosing the best class. */
  inference: number;
  /** Everything after that. */
  postprocess: number;
}

/** A model that is ready to run; engine and pre-processing in one place for evaluation, library and command line. */
export interface Predictor {
  predict(photo: Photo): Promise<{ outputs: Partial<Record<OutputName, TensorData>>; timing: Timing }>;
  dispose(): Promise<void>;
}

/**
 * Makes the asked outputs of a model computable; what is not asked for is not computed.
 *
 * The engine is faster where it knows the size of the photos beforehand. So the first photo's size gets a session of its own, opened
 * when that photo comes, and the first photo of another size opens one for all other sizes.
 */
export async function createPredictor(
  model: RunnableModel,
  { outputs, open, threads }: { outputs: readonly OutputName[]; open: OpenSession; threads?: number },
): Promise<Predictor> {
  if (isQuantized(model)) return createQuantizedPredictor(model, { outputs, open, threads });
  const openFor = (size?: Size) => {
    const { outputs: graph, weights } = compileForInference(model, outputs, { size });
    const parameters = (name: string) => weights.get(name) ?? "input";
    return open(lowerToOnnx(graph, { parameters }), { threads });
  };
  let first: { size: Size; session: Promise<Session> } | undefined;
  let others: Promise<Session> | undefined;

  const sessionFor = (size: Size): Promise<Session> => {
    first ??= { size, session: openFor(size) };
    if (first.size[0] === size[0] && first.size[1] === size[1]) return first.session;
    others ??= openFor();
    return others;
  };
  return {
    async predict(photo) {
      checkPhoto(photo, "predict");
      return predict(await sessionFor([photo.height, photo.width]), photo);
    },
    async dispose() {
      await Promise.all([first?.session, others].map(free));
    },
  };
}

type Size = readonly [height: number, width: number];

async function predict(session: Session, { width, height, data }: Photo) {
  const start = performance.now();
  const outputs = await session.run({ pixels: { data, dims: [1, height, width, 3] } });
  const timing = { preprocess: 0, inference: performance.now() - start, postprocess: 0 };
  return { outputs, timing };
}

/** A session that could not be opened has nothing to free. */
async function free(opening: Promise<Session> | undefined): Promise<void> {
  const session = await opening?.catch(() => undefined);
  await session?.dispose();
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
