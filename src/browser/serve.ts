import { type ErrorCode, type ErrorDetails, LightsegError, messageOf } from "../errors.ts";
import type { Photo } from "../images/types.ts";
import { type Segmentation, Segmenter, type SegmenterOptions } from "../inference/segmenter.ts";
import { decodeModel, type decodeQuantized } from "../model-files/decode.ts";
import type { Dtype } from "../model-files/dtype.ts";
import { FLOAT_ONLY, INT8_ONLY, resolveDtype } from "../model-files/dtype.ts";
import type { Model } from "../model-files/model.ts";
import { descriptionOf, isQuantized, type RunnableModel } from "../model-files/model.ts";
import type { OpenSession } from "../runtime/session.ts";
import { segmentSmoothly } from "../video/smoothing.ts";
import { isOnnx } from "../weights/onnx.ts";
import type { Answer, Question, Reply, Request } from "./messages.ts";
import type { FramePainter } from "./painting/frame-painter.ts";
import { PictureReader } from "./read-picture.ts";

export interface ServeOptions {
  readonly open: OpenSession;
  /** Tries a model before it is used; what it throws is the answer to `open`. */
  readonly check?: (model: Model, dtype: Dtype) => Promise<void>;
  /** Reads a quantised model; absent where none runs. */
  readonly decodeQuantized?: typeof decodeQuantized;
  /** Makes what segments and paints the frames of one video. */
  readonly createPainter: (opened: Opened, smoothing: number) => Promise<FramePainter>;
}

/** The model of a worker, ready to run. */
export interface Opened {
  readonly model: RunnableModel;
  readonly segmenter: Segmenter;
}

/** Answers the questions of the page that has started this worker, one after the other. */
export function serve(options: ServeOptions): void {
  // onnxruntime starts its threads from the same file: those have their own messages.
  if (self.name.startsWith("em-pthread")) return;
  const server = new Server(options);
  let queue = Promise.resolve();
  addEventListener("message", ({ data }: MessageEvent<Request>) => {
    queue = queue.then(async () => {
      const { reply, transfer } = await server.reply(data);
      postMessage(reply, { transfer });
    });
  });
}

class Server {
  readonly #options: ServeOptions;
  readonly #pictures = new PictureReader();
  /** By the number of the stream. */
  readonly #streams = new Map<number, (frame: Photo) => Promise<Segmentation>>();
  readonly #painters = new Map<number, Promise<FramePainter>>();
  #opened: Opened | undefined;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  async reply({ id, ...question }: Request): Promise<{ reply: Reply; transfer: Transferable[] }> {
    try {
      const answer = await this.#answer(question);
      return { reply: { id, answer }, transfer: movable(answer) };
    } catch (error) {
      return { reply: { id, error: describe(error) }, transfer: [] };
    }
  }

  async #answer(question: Question): Promise<Answer> {
    if (question.kind === "open") {
      const dtype = question.dtype === "auto" || question.dtype === "int8" ? "fp32" : question.dtype;
      const model = this.#read(question);
      if (!isQuantized(model)) await this.#options.check?.(model, dtype);
      const segmenter = this.#makeSegmenter(model, { ...question.options, dtype });
      this.#opened = { model, segmenter };
      return { opened: { model: descriptionOf(model), dtype: segmenter.dtype } };
    }
    if (question.kind === "end") return this.#end(question.stream);
    if (!this.#opened) throw new Error("the worker has no model");
    const { segmenter } = this.#opened;
    if (question.kind === "segment") {
      const photo = await this.#pictures.read(question.picture);
      return { segmentation: await segmenter.segment(photo, question.options) };
    }
    const { stream, frame, smoothing } = question;
    if (question.kind === "paint") {
      const opening = this.#painters.get(stream) ?? this.#options.createPainter(this.#opened, smoothing);
      this.#painters.set(stream, opening);
      try {
        return { painted: await (await opening).paint(frame, question.options) };
      } finally {
        frame.close();
      }
    }
    const segment = this.#streams.get(stream) ?? segmentSmoothly(segmenter, smoothing);
    this.#streams.set(stream, segment);
    return { segmentation: await segment(await this.#pictures.read(frame)), frame };
  }

  async #end(stream: number): Promise<Answer> {
    const painter = this.#painters.get(stream);
    this.#streams.delete(stream);
    this.#painters.delete(stream);
    await (await painter)?.dispose();
    return {};
  }

  #read({ model: bytes, name, dtype }: Question & { kind: "open" }): RunnableModel {
    const onnx = isOnnx(bytes);
    resolveDtype(dtype, onnx ? INT8_ONLY : FLOAT_ONLY, name);
    if (!onnx) return decodeModel(bytes, name);
    const { decodeQuantized } = this.#options;
    // Another device may do: what is thrown makes `auto` try it.
    if (!decodeQuantized) throw refuse("RUNTIME", "engine", "must be WebAssembly for models in int8");
    const model = decodeQuantized(bytes, name);
    if (model) return model;
    throw refuse(
      "INVALID_WEIGHTS",
      name,
      "must be a model that `lightseg quantize` has written, or safetensors",
    );
  }

  #makeSegmenter(model: RunnableModel, options: SegmenterOptions): Segmenter {
    const decodePhoto = () => Promise.reject(new Error("pictures are read before they are segmented"));
    return new Segmenter(model, { open: this.#options.open, target: "plain", decodePhoto }, options);
  }
}

/** What is large and is handed over to the page, not copied. */
function movable({ segmentation, painted, frame }: Answer): Transferable[] {
  const { labels, photo, scores } = segmentation ?? {};
  const parts = [labels, photo?.data, scores?.data, painted?.labels];
  const buffers = parts.map((part) => part?.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(buffers), ...[frame, painted?.picture].filter((picture) => picture !== undefined)];
}

/** The error for a model that cannot be loaded here. */
function refuse(code: ErrorCode, argument: string, rule: string): LightsegError {
  return new LightsegError({ code, where: "Segmenter.load", argument, rule });
}

function describe(error: unknown): ErrorDetails | { defect: string } {
  if (!(error instanceof LightsegError)) return { defect: messageOf(error) };
  const { value, cause, ...details } = error.details;
  // Values and causes may be of any kind; as text they can be sent.
  return value === undefined
    ? details
    : { ...details, value: typeof value === "number" ? value : String(value) };
}
