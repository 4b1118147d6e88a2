/** Functions of the core that run models, with Node's engine where none is given. */
import { checkKeys, invalidArgument } from "./check.ts";
import {
  type AveragingPredictor,
  type AveragingPredictorOptions,
  createAveragingPredictor as averageViews,
} from "./evaluation/averaging-predictor.ts";
import { type CheckExportOptions, checkExport as check, type Drift } from "./export/check.ts";
import { checkExportOptions } from "./export/onnx.ts";
import {
  createPredictor as makeReady,
  type Predictor,
  type PredictorOptions,
} from "./inference/predictor.ts";
import { checkModel, checkRunnableModel, type Model, type RunnableModel } from "./model-files/model.ts";
import { type QuantizeModelOptions, quantizeModel as quantize } from "./quantization/quantize-model.ts";
import { openNodeSession } from "./runtime/node/session.ts";
import type { Engine } from "./runtime/session.ts";

/** Options of which `open` may be left out. Defaults to `openNodeSession`. */
export type WithNodeEngine<Options extends Engine> = Omit<Options, "open"> & Partial<Pick<Options, "open">>;

const ENGINE = ["open", "target", "threads"] as const;
const VIEWS = ["scales", "flip", "window", "stride", "upsampling"] as const;
const QUANTIZATION = [
  ...(["model", "calibration", "method", "reduceRange", "version"] as const),
  ...(["onProgress", "signal"] as const),
];

const openOf = ({ open = openNodeSession }: Partial<Engine>) => open;

/**
 * Makes a model ready to run. Call `dispose` when done.
 *
 * @example
 * const { model, dtype } = await loadRunnableModel({ model: "voc" });
 * const predictor = createPredictor(model, { dtype });
 * const scores = await predictor.predict(photo);
 * const labels = predictor.chooseLabels(scores, photo);
 * await predictor.dispose();
 */
export function createPredictor(
  model: RunnableModel,
  options: WithNodeEngine<PredictorOptions> = {},
): Predictor {
  checkRunnableModel(model, "createPredictor");
  checkKeys(options, ["dtype", ...ENGINE], "createPredictor");
  return makeReady(model, { ...options, open: openOf(options) });
}

/**
 * Makes a predictor for `evaluate` that averages over scales, mirroring and sliding windows (test-time
 * augmentation).
 *
 * @throws LightsegError INVALID_ARGUMENT for scales or windows out of range
 */
export async function createAveragingPredictor(
  model: RunnableModel,
  options: WithNodeEngine<AveragingPredictorOptions> = {},
): Promise<AveragingPredictor> {
  checkRunnableModel(model, "createAveragingPredictor");
  checkKeys(options, [...VIEWS, "signal", "dtype", ...ENGINE], "createAveragingPredictor");
  return averageViews(model, { ...options, open: openOf(options) });
}

/**
 * Quantizes a model to int8: weights with a scale for each output channel, uint8 feature maps with a scale
 * each.
 *
 * @returns an ONNX model with the model's description, from `pixels`, uint8 `[N, H, W, 3]`, to `scores`,
 *   float32 `[N, classes, h, w]`
 *
 * @example
 * const bytes = await quantizeModel({ model: await loadModel({ model: "camvid" }), calibration: photos });
 *
 * @throws LightsegError INVALID_ARGUMENT without photos, INVALID_IMAGE for what is no photo, RUNTIME where a
 *   feature map is not finite
 */
export async function quantizeModel(options: WithNodeEngine<QuantizeModelOptions>): Promise<Uint8Array> {
  checkKeys(options, [...QUANTIZATION, ...ENGINE], "quantizeModel");
  checkModel(options.model, "quantizeModel");
  return quantize({ ...options, open: openOf(options) });
}

/**
 * Runs an exported file and its source on a photo and compares scores and labels. The source sees one photo
 * at a time, so a batch must give what its photos give alone. For fp16 no feature map may leave the range of
 * float16.
 *
 * @param bytes the file as `exportOnnx` wrote it
 *
 * @example
 * const options = { dtype: "fp16" } as const;
 * const drift = await checkExport(exportOnnx(model, options), model, { exported: options, photo });
 *
 * @throws LightsegError RUNTIME if the engine refuses the file, scores or labels drift beyond the tolerance,
 *   or a feature map leaves the range
 */
export async function checkExport(
  bytes: Uint8Array,
  model: Model,
  options: WithNodeEngine<CheckExportOptions>,
): Promise<Drift> {
  if (!(bytes instanceof Uint8Array))
    throw invalidArgument("checkExport", "bytes", "must be a Uint8Array", bytes);
  checkModel(model, "checkExport");
  checkKeys(options, ["exported", "photo", "tolerance", ...ENGINE], "checkExport");
  checkExportOptions(options.exported, "checkExport");
  return check(bytes, model, { ...options, open: openOf(options) });
}
