import { type ErrorCode, LightsegError } from "../errors.ts";
import type { Photo } from "../images/types.ts";
import { fitBudget } from "../inference/budget.ts";
import { type Segmentation, Segmenter, type SegmenterOptions } from "../inference/segmenter.ts";
import { decodeModel, type decodeQuantized } from "../model-files/decode.ts";
import { type Dtype, FLOAT_ONLY, INT8_ONLY, resolveDtype } from "../model-files/dtype.ts";
import { descriptionOf, isQuantized, type Model, type RunnableModel } from "../model-files/model.ts";
import type { Request } from "../runtime/rpc.ts";
import type { OpenSession } from "../runtime/session.ts";
import { giveEngine } from "../runtime/web/sessions.ts";
import { segmentSmoothly } from "../video/smoothing.ts";
import { isOnnx } from "../weights/onnx.ts";
import { answerRequests, type Outgoing } from "./answer-requests.ts";
import type { FramePainter } from "./frame-painter.ts";
import type { SegmenterProtocol, StreamFrame } from "./protocol.ts";
import { PictureReader } from "./read-picture.ts";

export interface ServeOptions {
  readonly open: OpenSession;
  /** Tries a model before it is used; its error becomes the answer to `open`. */
  readonly check?: (model: Model, dtype: Dtype) => Promise<void>;
  /** Aborted, with the error, when the device is lost, after which no answer comes. */
  readonly lost?: AbortSignal;
  /** Reads a quantised model; absent where none runs. */
  readonly decodeQuantized?: typeof decodeQuantized;
  /** Makes the painter for the frames of one video. */
  readonly createPainter: (opened: Opened, smoothing: number) => Promise<FramePainter>;
}

/** The model of a worker, ready to run. */
export interface Opened {
  readonly model: RunnableModel;
  readonly segmenter: Segmenter;
}

/** Answers the requests of the page that started this worker. */
export function serve(options: ServeOptions): void {
  const server = new Server(options);
  answerRequests<SegmenterProtocol>({ answer: (message) => server.answer(message), lost: options.lost });
}

type Answer = Outgoing<SegmenterProtocol[keyof SegmenterProtocol]["answer"]>;

class Server {
  readonly #options: ServeOptions;
  readonly #pictures = new PictureReader("segment");
  /** By the number of the stream. */
  readonly #streams = new Map<number, (frame: Photo) => Promise<Segmentation>>();
  readonly #painters = new Map<number, Promise<FramePainter>>();
  #current: Opened | undefined;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  answer({ kind, request }: Request<SegmenterProtocol>): Promise<Answer> {
    switch (kind) {
      case "open":
        return this.#open(request);
      case "segment":
        return this.#segment(request);
      case "frame":
        return this.#segmentFrame(request);
      case "paint":
        return this.#paint(request);
      case "end":
        return this.#end(request.stream);
    }
  }

  get #opened(): Opened {
    if (!this.#current) throw new Error("the worker has no model");
    return this.#current;
  }

  async #open(request: Asked<"open">): Promise<Answer> {
    const dtype = request.dtype === "auto" || request.dtype === "int8" ? "fp32" : request.dtype;
    const model = this.#read(request);
    giveEngine(request.engine);
    if (!isQuantized(model)) await this.#options.check?.(model, dtype);
    const { threads } = request.options;
    const engine = { open: this.#options.open, target: "plain", threads, dtype } as const;
    const fitted = await fitBudget(model, engine, request.options);
    const { maxPixels = request.options.maxPixels } = fitted ?? {};
    const segmenter = this.#makeSegmenter(model, { ...request.options, dtype, maxPixels });
    this.#current = { model, segmenter };
    return { answer: { model: descriptionOf(model), dtype: segmenter.dtype, fitted }, transfer: [] };
  }

  async #segment({ picture, options }: Asked<"segment">): Promise<Answer> {
    const photo = await this.#pictures.take(picture);
    const segmentation = await this.#opened.segmenter.segment(photo, options);
    return { answer: segmentation, transfer: buffersOf(segmentation) };
  }

  async #segmentFrame({ stream, frame, smoothing }: StreamFrame): Promise<Answer> {
    const segment = this.#streams.get(stream) ?? segmentSmoothly(this.#opened.segmenter, smoothing);
    this.#streams.set(stream, segment);
    try {
      const segmentation = await segment(await this.#pictures.read(frame));
      return { answer: { segmentation, frame }, transfer: [...buffersOf(segmentation), frame] };
    } catch (error) {
      frame.close();
      throw error;
    }
  }

  async #paint({ stream, frame, smoothing, options }: Asked<"paint">): Promise<Answer> {
    const opening = this.#painters.get(stream) ?? this.#options.createPainter(this.#opened, smoothing);
    this.#painters.set(stream, opening);
    try {
      const painted = await (await opening).paint(frame, options);
      return { answer: { painted, frame }, transfer: [...bufferOf(painted.labels), painted.picture, frame] };
    } catch (error) {
      frame.close();
      throw error;
    }
  }

  async #end(stream: number): Promise<Answer> {
    const painter = this.#painters.get(stream);
    this.#streams.delete(stream);
    this.#painters.delete(stream);
    await (await painter)?.dispose();
    return { answer: undefined, transfer: [] };
  }

  #read({ model: bytes, name, dtype }: Asked<"open">): RunnableModel {
    const onnx = isOnnx(bytes);
    resolveDtype(dtype, onnx ? INT8_ONLY : FLOAT_ONLY, name, "Segmenter.load");
    if (!onnx) return decodeModel(bytes, name);
    const { decodeQuantized } = this.#options;
    // With `auto`, this error makes the page try another device.
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

type Asked<K extends keyof SegmenterProtocol> = SegmenterProtocol[K]["request"];

function buffersOf({ labels, photo, scores, softMask }: Segmentation): ArrayBuffer[] {
  return [...new Set([labels, photo.data, scores?.data, softMask].flatMap(bufferOf))];
}

function bufferOf(values: ArrayBufferView | undefined): ArrayBuffer[] {
  return values?.buffer instanceof ArrayBuffer ? [values.buffer] : [];
}

/** The error for a model that cannot be loaded here. */
function refuse(code: ErrorCode, argument: string, rule: string): LightsegError {
  return new LightsegError({ code, where: "Segmenter.load", argument, rule });
}
