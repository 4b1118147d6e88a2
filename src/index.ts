/**
 * lightseg for Node: real-time semantic segmentation with Light-Weight RefineNet.
 *
 * @example
 * import { Segmenter } from "lightseg";
 * await using segmenter = await Segmenter.load();
 * const segmentation = await segmenter.segment("street.jpg");
 * for (const { name, share } of segmentation.found) console.log(name, share);
 *
 * @module
 */

export { type BenchmarkOptions, type BenchmarkResult, benchmark, type Times } from "./analysis/benchmark.ts";
export { type Cost, type CostOptions, type CountByPart, countCost } from "./analysis/cost.ts";
export type { Layer } from "./analysis/layers.ts";
export { type BatchEvaluation, evaluateBatch } from "./batch/evaluate.ts";
export type { BatchJob, JobSettings } from "./batch/job.ts";
export type { LoadJobModelOptions } from "./batch/job-model.ts";
export type { ChunkOptions } from "./batch/plan.ts";
export {
  type BatchOptions,
  type BatchProgress,
  type BatchResult,
  type LaneOptions,
  type RunBatchOptions,
  runBatch,
} from "./batch/run.ts";
export type { ListPhotosOptions } from "./batch/source.ts";
export {
  type BatchStatus,
  cancelBatch,
  type QueuedBatch,
  readBatchStatus,
  type WatchBatchOptions,
  watchBatch,
} from "./batch/status.ts";
export { type SubmitBatchOptions, type SubmittedBatch, submitBatch } from "./batch/submit.ts";
export { type WorkOnBatchesOptions, workOnBatches } from "./batch/work.ts";
export {
  type CheckDatasetOptions,
  checkDataset,
  type DatasetCheck,
  type LabelCount,
  type Range,
} from "./datasets/check.ts";
export type { Dataset, DatasetDescription, LabelSpace, OpenOptions, Sample } from "./datasets/dataset.ts";
export { datasets, findDataset } from "./datasets/index.ts";
export { type DatasetIssue, findSharedIds } from "./datasets/issues.ts";
export { type PageSplit, renderSamplesPage, type SamplesPageOptions } from "./datasets/samples-page.ts";
export { type ErrorCode, type ErrorDetails, LightsegError } from "./errors.ts";
export type { ViewOptions } from "./evaluation/average-views.ts";
export type { AveragingPredictor, AveragingPredictorOptions } from "./evaluation/averaging-predictor.ts";
export { type BoundaryMetrics, BoundaryScore } from "./evaluation/boundary.ts";
export type { Calibration, CalibrationBin } from "./evaluation/calibration.ts";
export { ConfusionMatrix } from "./evaluation/confusion-matrix.ts";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluation/evaluate.ts";
export type { Upsampling } from "./evaluation/interpolation.ts";
export { computeMetrics, type Metrics } from "./evaluation/metrics.ts";
export { type CheckExportOptions, type Drift, defaultTolerances, type Tolerance } from "./export/check.ts";
export { type ExportOptions, exportOnnx } from "./export/onnx.ts";
export type { Provider } from "./graph/onnx/writer.ts";
export type { Dim, ElementType, Shape, SymbolicDim } from "./graph/shape.ts";
export type { Initialization, Leaf, ParameterOptions, Tensor } from "./graph/tensor.ts";
export { encodeIndexedPng } from "./images/indexed-png.ts";
export { type DecodePhotoOptions, decodePhoto } from "./images/node/decode.ts";
export { encodePng } from "./images/node/encode.ts";
export { addLegend, type LegendEntry } from "./images/node/legend.ts";
export { decodeMask } from "./images/node/mask.ts";
export { drawOverlay, type OverlayOptions } from "./images/overlay.ts";
export { IGNORE_LABEL, vocPalette } from "./images/palette.ts";
export type { Color, LabelMap, Palette, Photo } from "./images/types.ts";
export type { ClassShare } from "./inference/class-shares.ts";
export type { Prediction, SampledConfidence } from "./inference/confidence.ts";
export { type LoadSegmenterOptions, Segmenter } from "./inference/node/node-segmenter.ts";
export { renderLabels, renderOverlay } from "./inference/node/render.ts";
export {
  type Predictor,
  type PredictorOptions,
  predictLabels,
  predictWithConfidence,
} from "./inference/predictor.ts";
export type {
  PhotoSource,
  Platform,
  Segmentation,
  SegmenterOptions,
  SegmentOptions,
  Timing,
} from "./inference/segmenter.ts";
export { type Dtype, type DtypeChoice, type DtypeRequest, dtypeChoices } from "./model-files/dtype.ts";
export { DEFAULT_MODEL } from "./model-files/manifest.ts";
export type {
  Model,
  ModelDescription,
  QuantizedModel,
  RunnableModel,
  TrainedSplit,
} from "./model-files/model.ts";
export {
  type ConvertedWeights,
  type ConvertWeightsOptions,
  convertWeights,
} from "./model-files/node/convert.ts";
export {
  type LoadedModel,
  type LoadModelOptions,
  type LoadRunnableModelOptions,
  loadModel,
  loadRunnableModel,
} from "./model-files/node/load.ts";
export { listShippedModels } from "./model-files/node/shipped.ts";
export type { OtherNames } from "./models/backbones/other-names.ts";
export type { Block } from "./models/block.ts";
export type { AuxiliaryScores, LossTerm } from "./models/decoders/decoder.ts";
export { buildNetwork, type Network, type NetworkChoice, type NetworkOptions } from "./models/network.ts";
export { type Channels, imagenetPreprocessing, type Preprocessing } from "./models/preprocessing.ts";
export type { BatchNormMode, LayerModes, RandomInput } from "./models/scope.ts";
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
export { renderComparison } from "./report/compare.ts";
export { renderReport } from "./report/report.ts";
export { type RunSummary, summarizeRun } from "./report/summary.ts";
export { writeComparison, writeReport } from "./report/write-report.ts";
export type { RunEvaluation } from "./runs/evaluation-file.ts";
export { type Run, readRun } from "./runs/read-run.ts";
export { type Device, type DeviceChoice, deviceChoices } from "./runtime/node/devices.ts";
export { type FoundDevice, findDevice } from "./runtime/node/find-device.ts";
export { openNodeSession } from "./runtime/node/session.ts";
export type {
  Carried,
  Engine,
  Feeds,
  Layout,
  OpenSession,
  Session,
  SessionOptions,
  TensorData,
} from "./runtime/session.ts";
export { type FineTuneOptions, fineTune, type TeachingSample } from "./teaching/node/fine-tune.ts";
export type { Layers, TaughtClass, TeachingProgress } from "./teaching/options.ts";
export { TaughtModel } from "./teaching/taught-model.ts";
export { type FinetuneSettingsOptions, finetuneSettings } from "./trainer/finetune.ts";
export { type TrainOptions, train } from "./trainer/train.ts";
export type { StageConfig, TrainingConfig, TrainingOptions } from "./training/config.ts";
export type { LogRecord, StepRecord, TrainingEvent, ValidationRecord } from "./training/events.ts";
export type { BestSoFar, TrainingResult } from "./training/loop.ts";
export type { PolySchedule, Schedule, StagesSchedule } from "./training/schedule.ts";
export { openVideo, type Video } from "./video/ffmpeg/open-video.ts";
export type { ClipDescription } from "./video/ffmpeg/probe.ts";
export { createVideoWriter, type VideoWriter, type VideoWriterOptions } from "./video/ffmpeg/video-writer.ts";
export {
  type SegmentedFrame,
  type SegmentFramesOptions,
  segmentFrames,
  type VideoFrameInput,
} from "./video/segment-frames.ts";
export { averageWeights } from "./weights/average.ts";
export type { FloatType } from "./weights/encode-tensor.ts";
export { describeMatch, matchWeights, type WeightsMatch } from "./weights/match.ts";
export { type ReadWeightsOptions, readWeights, type StoredWeights } from "./weights/node/read.ts";
export { type WeightsFormat, writeSafetensors, writeWeights } from "./weights/node/write.ts";
export type { Renaming } from "./weights/rename.ts";
export type { SafetensorsOptions } from "./weights/safetensors.ts";
export type { ChooseNames, ChosenNames, StoredNames } from "./weights/stored-names.ts";
