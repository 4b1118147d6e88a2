import { type ErrorDetails, LightsegError, messageOf } from "../errors.ts";
import { Segmenter, type SegmenterOptions } from "../inference/segmenter.ts";
import { type Model, readDescription, requireWeights } from "../models/model.ts";
import type { OpenSession } from "../runtime/session.ts";
import { decodeSafetensors } from "../weights/safetensors.ts";
import { FrameStream } from "./frame-stream.ts";
import type { Answer, Question, Reply, Request } from "./messages.ts";
import { PictureReader } from "./read-picture.ts";

export interface ServeOptions {
  readonly open: OpenSession;
  /** Tries a model before it is used; what it throws is the answer to `open`. */
  readonly check?: (model: Model) => Promise<void>;
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
  readonly #streams = new Map<number, FrameStream>();
  #segmenter: Segmenter | undefined;

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
      const model = readModel(question.model, question.name);
      await this.#options.check?.(model);
      this.#segmenter = this.#makeSegmenter(model, question.options);
      const { weights, ...description } = model;
      return { model: description };
    }
    if (question.kind === "end") {
      this.#streams.delete(question.stream);
      return {};
    }
    if (!this.#segmenter) throw new Error("the worker has no model");
    if (question.kind === "segment") {
      const photo = await this.#pictures.read(question.picture);
      return { segmentation: await this.#segmenter.segment(photo, question.options) };
    }
    const { stream, frame, timestamp, smoothing } = question;
    const frames = this.#streams.get(stream) ?? new FrameStream(this.#segmenter, smoothing);
    this.#streams.set(stream, frames);
    const photo = await this.#pictures.read(frame);
    return { segmentation: await frames.segment({ ...photo, timestamp }), frame };
  }

  #makeSegmenter(model: Model, options: SegmenterOptions): Segmenter {
    const decodePhoto = () => Promise.reject(new Error("pictures are read before they are segmented"));
    return new Segmenter(model, { open: this.#options.open, decodePhoto }, options);
  }
}

function readModel(bytes: Uint8Array, name: string): Model {
  const { weights, metadata } = decodeSafetensors(bytes, name);
  const description = readDescription(metadata, name);
  if (!description) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "Segmenter.load",
      argument: name,
      rule: "does not say which network it belongs to",
      hint: "a model file of lightseg is needed, such as `lightseg train` writes",
    });
  }
  const { network, classes } = description;
  return { ...description, weights: requireWeights(network, classes.length, weights, name) };
}

/** What is large and is handed over to the page, not copied. */
function movable({ segmentation, frame }: Answer): Transferable[] {
  const parts = [segmentation?.labels, segmentation?.photo.data, segmentation?.scores?.data];
  const buffers = parts.map((part) => part?.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
  return [...new Set(buffers), ...(frame ? [frame] : [])];
}

function describe(error: unknown): ErrorDetails | { defect: string } {
  if (!(error instanceof LightsegError)) return { defect: messageOf(error) };
  const { value, cause, ...details } = error.details;
  // Values and causes may be of any kind; as text they can be sent.
  return value === undefined
    ? details
    : { ...details, value: typeof value === "number" ? value : String(value) };
}
