/**
 * lightseg for Node: real-time semantic segmentation with Light-Weight RefineNet.
 *
 * @example
 * import { Segmenter, renderOverlay } from "lightseg";
 * await using segmenter = await Segmenter.load();
 * const segmentation = await segmenter.segment("street.jpg");
 * for (const { name, share } of segmentation.found) console.log(name, share);
 *
 * @module
 */

export { type Cost, countCost } from "./analysis/cost.ts";
export { checkDataset, type DatasetCheck, type LabelCount } from "./datasets/check.ts";
export type { Dataset, DatasetDescription, LabelSpace, OpenOptions, Sample } from "./datasets/dataset.ts";
export { datasets, findDataset } from "./datasets/index.ts";
export { type DatasetIssue, findSharedIds } from "./datasets/issues.ts";
export type { CountLabelsOptions as CheckDatasetOptions } from "./datasets/label-counts.ts";
export { type PageSplit, renderSamplesPage, type SamplesPageOptions } from "./datasets/samples-page.ts";
export { type ErrorCode, type ErrorDetails, LightsegError } from "./errors.ts";
export type { ViewOptions } from "./evaluation/average-views.ts";
export type { AveragingPredictor, AveragingPredictorOptions } from "./evaluation/averaging-predictor.ts";
export { type BoundaryMetrics, BoundaryScore } from "./evaluation/boundary.ts";
export { ConfusionMatrix } from "./evaluation/confusion-matrix.ts";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluation/evaluate.ts";
export { computeMetrics, type Metrics } from "./evaluation/metrics.ts";
export { encodeIndexedPng } from "./images/indexed-png.ts";
export { decodePhoto } from "./images/node/decode.ts";
export { encodePng } from "./images/node/encode.ts";
export { addLegend, type LegendEntry } from "./images/node/legend.ts";
export { decodeMask } from "./images/node/mask.ts";
export { drawOverlay, type OverlayOptions } from "./images/overlay.ts";
export { IGNORE_LABEL, vocPalette } from "./images/palette.ts";
export type { LabelMap, Palette, Photo } from "./images/types.ts";
export type { ClassShare } from "./inference/class-shares.ts";
export { Segmenter } from "./inference/node/node-segmenter.ts";
export { renderLabels, renderOverlay } from "./inference/node/render.ts";
export type {
  PhotoSource,
  Segmentation,
  SegmenterOptions,
  SegmentOptions,
  Timing,
} from "./inference/segmenter.ts";
export { type Dtype, type DtypeChoice, dtypeChoices } from "./model-files/dtype.ts";
export { DEFAULT_MODEL } from "./model-files/manifest.ts";
export type { Model, ModelDescription, QuantizedModel, RunnableModel } from "./model-files/model.ts";
export {
  type LoadedModel,
  type LoadModelOptions,
  type LoadRunnableModelOptions,
  loadModel,
  loadRunnableModel,
} from "./model-files/node/load.ts";
export { listShippedModels } from "./model-files/node/shipped.ts";
export { buildNetwork, type Network, type NetworkOptions } from "./models/network.ts";
export { imagenetPreprocessing, type Preprocessing } from "./models/preprocessing.ts";
export type { Weights, WeightTensor } from "./models/weights.ts";
export { networks } from "./models/zoo.ts";
export {
  checkExport,
  createAveragingPredictor,
  createPredictor,
  quantizeModel,
  type WithNodeEngine,
} from "./node-engine.ts";
export type { QuantizeModelOptions } from "./quantization/quantize-model.ts";
export type { RangeMethod } from "./quantization/range.ts";
export { openNodeSession } from "./runtime/node/session.ts";
export type { TensorData } from "./runtime/session.ts";
export { type FinetuneOptions, finetuneSettings } from "./trainer/finetune.ts";
export { type TrainOptions, train } from "./trainer/train.ts";
export type { TrainingOptions } from "./training/config.ts";
export type { TrainingEvent } from "./training/events.ts";
export type { TrainingResult } from "./training/loop.ts";
export { openVideo, type Video } from "./video/ffmpeg/open-video.ts";
export { createVideoWriter, type VideoWriter, type VideoWriterOptions } from "./video/ffmpeg/video-writer.ts";
export {
  type SegmentedFrame,
  type SegmentFramesOptions,
  segmentFrames,
  type VideoFrameInput,
} from "./video/segment-frames.ts";
export { describeMatch, matchWeights, type WeightsMatch } from "./weights/match.ts";
export { type ReadWeightsOptions, readWeights } from "./weights/node/read.ts";
export { writeSafetensors, writeWeights } from "./weights/node/write.ts";
