import { checkChoice, invalidArgument } from "../check.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import type { Tensor } from "../graph/tensor.ts";
import { checkPhoto } from "../images/check.ts";
import type { Photo } from "../images/types.ts";
import { compileForInference } from "../inference/compile.ts";
import { describeModel, QUANTIZATION_KEY } from "../model-files/description.ts";
import type { Model } from "../model-files/model.ts";
import type { Engine } from "../runtime/session.ts";
import { calibrate } from "./calibrate.ts";
import { treatFeatureMaps } from "./feature-maps.ts";
import { padClassifier } from "./pad-classifier.ts";
import { quantizeGraph } from "./quantize-graph.ts";
import { chooseQuantization, type RangeMethod, rangeMethods } from "./range.ts";
import { readBytes } from "./read-bytes.ts";

/** Options of `quantizeModel`. */
export interface QuantizeModelOptions extends Engine {
  readonly model: Model;
  /** Photos as the network will see them; the ranges of the feature maps are taken from these. */
  readonly calibration: readonly Photo[];
  /** Defaults to `"percentile"`. */
  readonly method?: RangeMethod;
  /** Whether weights use 7 of their 8 bits. Defaults to true. */
  readonly reduceRange?: boolean;
  /** Version of lightseg that the file names as its producer. Defaults to none. */
  readonly version?: string;
  /** Called after each run of the network with the number done and the number of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between two runs; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Quantizes a model to int8: weights with a scale for each output channel, uint8 feature maps with a scale
 * each.
 *
 * @returns an ONNX model with the model's description, from `pixels`, uint8 `[N, H, W, 3]`, to `scores`,
 *   float32 `[N, classes, h, w]`
 *
 * @example
 * const bytes = await quantizeModel({ model: await loadModel(), calibration: photos });
 *
 * @throws LightsegError INVALID_ARGUMENT without photos, INVALID_IMAGE for what is no photo, RUNTIME where a
 *   feature map is not finite
 */
export async function quantizeModel(options: QuantizeModelOptions): Promise<Uint8Array> {
  const { model, calibration, method = "percentile", reduceRange = true } = options;
  if (!Array.isArray(calibration) || calibration.length === 0)
    throw invalidArgument("quantizeModel", "calibration", "must be one or more photos", calibration);
  for (const photo of calibration) checkPhoto(photo, "quantizeModel");
  checkChoice(method, rangeMethods, "quantizeModel", "method");
  const weightBits = reduceRange ? 7 : 8;
  const compiled = compileForInference(model, { target: "int8" });
  const { scores, weights } = padClassifier(readBytes(compiled));
  const treatments = treatFeatureMaps([scores]);
  const maps = [...treatments].filter(([, treatment]) => treatment !== "absorbed").map(([map]) => map);
  const observations = await calibrate(maps, { ...options, photos: calibration, weights });
  const observed = (map: Tensor) => {
    const observation = observations.get(map);
    if (!observation) throw new Error(`${map.op} was not observed`);
    return observation;
  };
  const current = quantizeGraph([scores], {
    treatments,
    quantizationOf: (map) => chooseQuantization(observed(map).histogram, method),
    meansOf: (map) => observed(map).means,
    weights,
    bits: weightBits,
  });
  return lowerToOnnx(
    { scores: current(scores) },
    {
      parameters: (name) => weights.get(name) ?? "input",
      metadata: { ...describeModel(model), [QUANTIZATION_KEY]: JSON.stringify({ method, weightBits }) },
      version: options.version,
    },
  );
}
