/**
 * lightseg for browsers: real-time semantic segmentation in a worker, on WebGPU or WebAssembly.
 *
 * @example
 * import { Segmenter } from "lightseg/web";
 * await using segmenter = await Segmenter.load();
 * const { found } = await segmenter.segment("street.jpg");
 * for await (const { segmentation, frame } of segmenter.stream(video)) draw(frame, segmentation);
 *
 * @module
 */

export { type ExportOnnxOptions, exportOnnx } from "./browser/export-onnx.ts";
export { listModels } from "./browser/fetch-model.ts";
export type { PaintedPicture } from "./browser/frame-painter.ts";
export { clearCache, listCached } from "./browser/model-cache.ts";
export type { Look } from "./browser/painting/look.ts";
export { SegmentationPainter } from "./browser/painting/segmentation-painter.ts";
export { renderLabels } from "./browser/render-labels.ts";
export {
  type ClassProbability,
  classMask,
  cutoutBlob,
  type DrawOptions,
  probabilitiesAt,
  toBlob,
  toCanvas,
  toImageBitmap,
} from "./browser/results.ts";
export { Segmenter } from "./browser/segmenter.ts";
export { type FineTuneOptions, fineTune, type TeachingSample } from "./browser/teaching/fine-tune.ts";
export type {
  AssetOptions,
  CachedModel,
  Device,
  DeviceUrls,
  DownloadProgress,
  LoadOptions,
  ModelSource,
  PaintedFrame,
  PaintOptions,
  PictureSource,
  SegmentOptions,
  StreamedFrame,
  StreamOptions,
} from "./browser/types.ts";
export { type ErrorCode, type ErrorDetails, LightsegError } from "./errors.ts";
export type { Color, LabelMap, Palette, Photo } from "./images/types.ts";
export type { ClassShare } from "./inference/class-shares.ts";
export type { Segmentation, SegmenterOptions, Timing } from "./inference/segmenter.ts";
export type { Dtype, DtypeChoice } from "./model-files/dtype.ts";
export { DEFAULT_MODEL } from "./model-files/manifest.ts";
export type { ModelDescription, TrainedSplit } from "./model-files/model.ts";
export type { Channels, Preprocessing } from "./models/preprocessing.ts";
export type { TensorData } from "./runtime/session.ts";
export type { Layers, TaughtClass, TeachingProgress } from "./teaching/options.ts";
export { TaughtModel } from "./teaching/taught-model.ts";
