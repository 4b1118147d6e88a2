import type { Photo } from "../images/types.ts";
import type { FittedBudget } from "../inference/budget.ts";
import type { Segmentation, SegmenterOptions } from "../inference/segmenter.ts";
import type { Dtype, DtypeChoice } from "../model-files/dtype.ts";
import type { ModelDescription } from "../model-files/model.ts";
import type { PaintedPicture, PaintFrameOptions } from "./frame-painter.ts";
import type { SegmentOptions } from "./types.ts";

/** A picture in a form that can be sent to a worker. */
export type Picture = Photo | Blob | ImageBitmap | ImageData | VideoFrame;

/** The requests of a page to its worker, which answers them one after the other. */
export interface SegmenterProtocol {
  /** Loads the model of the later requests. */
  readonly open: {
    readonly request: {
      /** The bytes of a safetensors file, or of a quantised model in ONNX. */
      readonly model: Uint8Array;
      /** The model's name in messages. */
      readonly name: string;
      readonly dtype: DtypeChoice;
      readonly engine: WebAssembly.Module;
      readonly options: SegmenterOptions;
    };
    readonly answer: {
      readonly model: ModelDescription;
      readonly dtype: Dtype;
      /** What a budget came to, where there is one. */
      readonly fitted: FittedBudget | undefined;
    };
  };
  readonly segment: {
    readonly request: { readonly picture: Picture; readonly options: SegmentOptions };
    readonly answer: Segmentation;
  };
  /** Segments the next frame of a stream; a stream begins with its first frame. */
  readonly frame: {
    readonly request: StreamFrame;
    /** `frame` is the one that was sent. */
    readonly answer: { readonly segmentation: Segmentation; readonly frame: ImageBitmap };
  };
  /** Segments and paints the next frame of a stream. */
  readonly paint: {
    readonly request: StreamFrame & { readonly options: PaintFrameOptions };
    /** `frame` is the one that was sent: the page, which made it, closes it. */
    readonly answer: { readonly painted: PaintedPicture; readonly frame: ImageBitmap };
  };
  /** Ends a stream. */
  readonly end: { readonly request: { readonly stream: number }; readonly answer: undefined };
}

/** A frame of a video on its way to the worker. */
export interface StreamFrame {
  /** Number of the stream. */
  readonly stream: number;
  readonly frame: ImageBitmap;
  /** Weight of the past in the moving average of the logits, from 0 to below 1. */
  readonly smoothing: number;
}
