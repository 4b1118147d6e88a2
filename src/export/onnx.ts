import { checkChoice, checkInteger, checkKeys, invalidArgument } from "../check.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { bestClass } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { foldConstants } from "../graph/rewrite/fold-constants.ts";
import type { Tensor } from "../graph/tensor.ts";
import { toHalfPrecision } from "../inference/half-precision.ts";
import { describeModel } from "../model-files/description.ts";
import { checkModel, type Model } from "../model-files/model.ts";
import { buildNetwork } from "../models/network.ts";
import { FOLDED } from "../weights/onnx.ts";

/** Options of `exportOnnx`. */
export interface ExportOptions {
  /** Height and width of the input, with batch 1. Defaults to `N`, `H`, `W`: any batch and size. */
  size?: readonly [height: number, width: number];
  /** Brings the scores to the photo's size inside the graph. Defaults to false. */
  upsample?: boolean;
  /** Adds the output `labels`: the best class of every pixel, at the photo's size. Defaults to false. */
  labels?: boolean;
  /** Whether scores are an output. Defaults to true unless there are labels. */
  scores?: boolean;
  /** Element type of weights and computation. Inputs and outputs are float32. Defaults to `"fp32"`. */
  dtype?: "fp32" | "fp16";
  /** Version of lightseg that the file names as its producer. Defaults to none. */
  version?: string;
}

/**
 * Writes a model as ONNX for use elsewhere.
 *
 * Input `image`: a normalized photo, float32 `[N, 3, H, W]`. Outputs: `scores`, logits, float32 `[N, classes,
 * h, w]` at the decoder's resolution or the photo's; `labels`, uint8 `[N, H, W]`.
 *
 * In fp32 batch norm stays as BatchNormalization nodes, which engines fold themselves. Weights keep the
 * authors' names, so they can be read back bit for bit. In fp16 batch norm is folded into the convolution
 * before it, before rounding: variances may lie where float16 has few digits left. Folded weights are not the
 * authors' any more and have other names.
 *
 * Metadata: `network`, `classes` (JSON array), `preprocessing` (JSON: x = (v scale - mean) / std for v in
 * 0..255, RGB, NCHW), and `lightseg`, the model's whole description.
 *
 * @throws LightsegError INVALID_WEIGHTS for weights beyond the range of float16, INVALID_ARGUMENT for
 *   options out of range or no output
 */
export function exportOnnx(model: Model, options: ExportOptions = {}): Uint8Array {
  checkModel(model, "exportOnnx");
  checkExportOptions(options, "exportOnnx");
  return encodeModel(model, options);
}

/** @throws LightsegError INVALID_ARGUMENT */
export function checkExportOptions(options: ExportOptions, where: string): void {
  checkKeys(options, ["size", "upsample", "labels", "scores", "dtype", "version"], where);
  checkChoice(options.dtype ?? "fp32", ["fp32", "fp16"], where, "dtype");
}

/** As `exportOnnx`, for browsers, which check options in the page. */
export function encodeModel(model: Model, options: ExportOptions): Uint8Array {
  const { labels = false, scores = !labels, dtype = "fp32", version } = options;
  for (const side of options.size ?? []) checkInteger(side, "exportOnnx", "size");
  if (!labels && !scores) throw invalidArgument("exportOnnx", "options", "must ask for labels or scores");
  const selection = { ...options, labels, scores };
  const { outputs, weights } =
    dtype === "fp16"
      ? foldedOutputs(model, selection)
      : { outputs: selectOutputs(model, selection), weights: weightsOf(model) };
  const bytes = lowerToOnnx(outputs, {
    parameters: (name) => weights.get(name) ?? "input",
    metadata: {
      network: model.network,
      classes: JSON.stringify(model.classes),
      preprocessing: JSON.stringify({ ...model.preprocessing, channels: "RGB", layout: "NCHW" }),
      ...describeModel(model),
    },
    ...(version !== undefined && { version }),
  });
  return dtype === "fp16" ? toHalfPrecision(bytes) : bytes;
}

/** The outputs that are asked for, as tensors of the network's graph. */
export function selectOutputs(
  model: Model,
  { size, upsample = false, labels, scores }: ExportOptions,
): Record<string, Tensor> {
  const network = buildNetwork({
    network: model.network,
    classes: model.classes.length,
    size: size && [1, ...size],
  });
  const fullSize = resize(network.scores, { like: network.image, alignCorners: model.alignCorners });
  return {
    ...(scores && { scores: upsample ? fullSize : network.scores }),
    ...(labels && { labels: bestClass(fullSize) }),
  };
}

/** The same outputs with batch norm folded into the convolutions before it, and constants folded. */
export function foldedOutputs(
  model: Model,
  options: ExportOptions,
): { outputs: Record<string, Tensor>; weights: ReadonlyMap<string, Float32Array> } {
  const outputs = Object.entries(selectOutputs(model, options));
  const folded = foldBatchNorm(outputs.map(([, tensor]) => tensor));
  const values = weightsOf(model);
  const { current, weights } = foldConstants(
    outputs.map(([, tensor]) => folded(tensor)),
    (name) => values.get(name),
    FOLDED,
  );
  return {
    outputs: Object.fromEntries(outputs.map(([name, tensor]) => [name, current(folded(tensor))])),
    weights,
  };
}

function weightsOf({ weights }: Model): ReadonlyMap<string, Float32Array> {
  return new Map([...weights].map(([name, { data }]) => [name, data]));
}
