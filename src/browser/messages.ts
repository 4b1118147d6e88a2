import type { ErrorDetails } from "../errors.ts";
import type { Photo } from "../images/types.ts";
import type { Segmentation, SegmenterOptions } from "../inference/segmenter.ts";
import type { Dtype, DtypeChoice } from "../model-files/dtype.ts";
import type { ModelDescription } from "../model-files/model.ts";
import type { PaintedPicture, PaintFrameOptions } from "./painting/frame-painter.ts";
import type { SegmentOptions } from "./types.ts";

/** A picture in a form that can be sent to a worker. */
export type Picture = Photo | Blob | ImageBitmap | ImageData | VideoFrame;

/** What a page asks its worker; answered by a `Reply` of the same id, one after the other. */
export type Request = { readonly id: number } & Question;

export type Question =
  /** The first: loads the model of the other questions. */
  | {
      readonly kind: "open";
      /** The bytes of a safetensors file, or of a quantised model in ONNX. */
      readonly model: Uint8Array;
      /** Its name, for messages. */
      readonly name: string;
      readonly dtype: DtypeChoice;
      readonly options: SegmenterOptions;
    }
  | { readonly kind: "segment"; readonly picture: Picture; readonly options: SegmentOptions }
  /** The next frame of a stream, which begins with its first one. */
  | {
      readonly kind: "frame";
      readonly stream: number;
      readonly frame: ImageBitmap;
      readonly smoothing: number;
    }
  /** The same, to be painted. */
  | {
      readonly kind: "paint";
      readonly stream: number;
      readonly frame: ImageBitmap;
      readonly smoothing: number;
      readonly options: PaintFrameOptions;
    }
  | { readonly kind: "end"; readonly stream: number };

/** What belongs to the kind of question, and nothing else. */
export interface Answer {
  /** To `open`. */
  readonly opened?: { readonly model: ModelDescription; readonly dtype: Dtype };
  /** To `segment` and `frame`. */
  readonly segmentation?: Segmentation;
  /** To `paint`. */
  readonly painted?: PaintedPicture;
  /** To `frame`: what was sent, given back. */
  readonly frame?: ImageBitmap;
}

export type Reply =
  | { readonly id: number; readonly answer: Answer }
  /** `defect`: the message of an error that is not one of the user's. */
  | { readonly id: number; readonly error: ErrorDetails | { readonly defect: string } };
