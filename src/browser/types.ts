import type { Photo } from "../images/types.ts";
import type {
  SegmentOptions as CoreSegmentOptions,
  Segmentation,
  SegmenterOptions,
} from "../inference/segmenter.ts";
import type { DtypeChoice } from "../model-files/dtype.ts";
import type { PaintedPicture } from "./frame-painter.ts";
import type { Look } from "./painting/look.ts";

/** Where the network runs: on the GPU, or on the CPU as WebAssembly. */
export type Device = "webgpu" | "wasm";

/** A folder with the file of either device in it, or the file's address for a device. */
export type DeviceUrls = string | URL | Readonly<Partial<Record<Device, string | URL>>>;

/**
 * Where the files lie that come with the package. Bundlers that follow `new URL("...", import.meta.url)`,
 * such as Vite, webpack and Next.js, need none of this; relative addresses are relative to the page.
 */
export interface AssetOptions {
  /**
   * A folder with workers, engine and models: the files of `lightseg/dist/assets`, and those of
   * `lightseg/models`. Defaults to their places in the package.
   */
  assetsUrl?: string | URL;
  /**
   * Folder or addresses of the workers `wasm-worker.js` and `webgpu-worker.js`, beside which
   * `wasm-teacher.js` and `webgpu-teacher.js` lie. May be on another origin. Defaults to `assetsUrl`.
   */
  workerUrl?: DeviceUrls;
  /**
   * Folder or addresses of the engine: `ort-wasm-simd-threaded.wasm`, and for WebGPU
   * `ort-wasm-simd-threaded.asyncify.wasm`. Defaults to `assetsUrl`.
   */
  wasmUrl?: DeviceUrls;
  /** The folder of `manifest.json` and the models that it names. Defaults to `assetsUrl`. */
  modelsUrl?: string | URL;
}

/**
 * A model of the manifest by name; the address of a model file, with a slash in it or `.safetensors` or
 * `.onnx` at its end; or such a file.
 */
export type ModelSource = string | URL | Blob;

/**
 * What can be segmented: the address of a photo, the bytes of one, a decoded picture, the current frame of a
 * video, or raw pixels. Pictures stay the caller's: they are copied.
 */
export type PictureSource =
  | string
  | URL
  | Blob
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame
  | Photo;

/** What can be asked for of a segmentation; functions do not go to workers. */
export type SegmentOptions = Omit<CoreSegmentOptions, "adjustScores">;

/** How far the download of engine and model is. */
export interface DownloadProgress {
  /** Name of the file that something has come of, such as `voc.safetensors`. */
  readonly file: string;
  /** Bytes of both that have come. */
  readonly loaded: number;
  /** Bytes of both in all; a file whose size is not known counts as far as it has come. */
  readonly total: number;
}

/**
 * Options of `Segmenter.load`. `threads` is 1 on pages that are not cross-origin isolated, and elsewhere
 * defaults to the number of cores, at most 8.
 */
export interface LoadOptions extends Omit<SegmenterOptions, "dtype">, AssetOptions {
  /**
   * What the network is computed in. fp16 is for graphics adapters that have it. int8 runs on WebAssembly
   * alone, for models that come in it: half to download, but slower there. Defaults to `auto`, which is fp32,
   * but int8 for a file of such a model.
   */
  dtype?: DtypeChoice;
  /**
   * `webgpu` and `wasm` fail where they do not work; `auto` takes WebGPU if there is a graphics adapter, not
   * one in software, and it gives the same as WebAssembly on a small picture, or else WebAssembly. Defaults
   * to `auto`.
   */
  device?: "auto" | Device;
  /**
   * Told at the start, during and at the end of the download of engine and model. What is there already does
   * not count: models that were kept, the engine of an earlier segmenter of the page.
   */
  onProgress?: (progress: DownloadProgress) => void;
  /** Told what does not go as well as it could, such as why there is one thread only. */
  onNote?: (text: string) => void;
  /** Gives up loading: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `stream`. */
export interface StreamOptions {
  /** Ends the iteration: the next result is the signal's reason, thrown. */
  signal?: AbortSignal;
  /**
   * Against flicker: the share of the past in an exponential moving average of the network's scores, from 0
   * to below 1. Defaults to 0, no smoothing.
   */
  smoothing?: number;
}

/** A frame of a video, segmented. */
export interface StreamedFrame {
  readonly segmentation: Segmentation;
  /**
   * The frame that was segmented; closed when the next one is asked for. The last one is left to the caller.
   */
  readonly frame: ImageBitmap;
  /** When the frame is shown, in seconds from the start of the video. */
  readonly timestamp: number;
  /** How many frames of the video were left out since the result before. */
  readonly dropped: number;
}

/** Options of `paint`. */
export interface PaintOptions extends StreamOptions {
  /**
   * How the next frame is to be painted; asked before each. Defaults to the colors of the classes, half
   * transparent.
   */
  look?: () => Look;
  /**
   * Whether to give the labels too, which on WebGPU have to leave the GPU's memory for it. Defaults to false.
   */
  labels?: boolean;
}

/** A frame of a video, segmented and painted. */
export interface PaintedFrame extends PaintedPicture {
  /**
   * The frame as it is to be shown, at its own size or, if that is above `maxPixels`, shrunk; closed when the
   * next one is asked for. The last one is left to the caller.
   */
  readonly picture: ImageBitmap;
  /** When the frame is shown, in seconds from the start of the video. */
  readonly timestamp: number;
  /** How many frames of the video were left out since the result before. */
  readonly dropped: number;
}

/** A model that is kept in the browser. */
export interface CachedModel {
  /** Its name, such as `voc.safetensors`. */
  readonly file: string;
  /** Its size. */
  readonly bytes: number;
  /** Its SHA-256, in hexadecimal digits. */
  readonly sha256: string;
}
