/// <reference lib="esnext.disposable" preserve="true" />
import { checkChoice, checkInteger, checkKeys } from "../check.ts";
import { disposedError, LightsegError } from "../errors.ts";
import { MAX_NETWORK_PIXELS } from "../images/check.ts";
import { MAX_BUDGET } from "../inference/max-budget.ts";
import type { Segmentation } from "../inference/segmenter.ts";
import { type Dtype, dtypeChoices } from "../model-files/dtype.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import type { ModelDescription } from "../model-files/model.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import { checkSmoothing } from "../video/smoothing.ts";
import { ASSET_OPTIONS } from "./addresses.ts";
import { checkPlatform, ONE_THREAD } from "./choose-device.ts";
import { type OpenDevice, openDevice, type SegmenterClient } from "./open-device.ts";
import { cutoutBlob } from "./results.ts";
import { closeAll, makeSendable } from "./send-picture.ts";
import { checkVideo, paintVideo, streamVideo, type UseWorker } from "./stream-video.ts";
import type {
  Device,
  LoadOptions,
  ModelSource,
  PaintedFrame,
  PaintOptions,
  PictureSource,
  SegmentOptions,
  StreamedFrame,
  StreamOptions,
} from "./types.ts";

/**
 * Segments pictures and videos with one model, in a worker of its own: the page's thread never runs the
 * network.
 *
 * Several pictures may be asked for at once and are done one after the other. Call `dispose()` (or declare it
 * with `await using`) when done.
 */
export class Segmenter {
  #opened: OpenDevice;
  #reopening: Promise<OpenDevice> | undefined;
  readonly #disposal = new AbortController();
  readonly #reopen: Reopen;
  readonly #options: LoadOptions;

  /** @param reopen opens the same model again, in a new worker */
  private constructor(opened: OpenDevice, reopen: Reopen, options: LoadOptions) {
    this.#opened = opened;
    this.#reopen = reopen;
    this.#options = options;
  }

  /**
   * Loads a model: a shipped one by its name, or a model file by its address or its bytes.
   *
   * @param model defaults to `DEFAULT_MODEL`
   *
   * @example
   * const onProgress = ({ loaded, total }) => show(loaded / total);
   * const segmenter = await Segmenter.load("voc", { onProgress });
   * const { labels, found } = await segmenter.segment(document.querySelector("img"));
   * await segmenter.dispose();
   *
   * @throws LightsegError NOT_FOUND if there is no such model, INVALID_WEIGHTS if it is damaged, RUNTIME if
   *   the network or the device fails, INVALID_ARGUMENT for options out of range
   */
  static async load(model: ModelSource = DEFAULT_MODEL, options: LoadOptions = {}): Promise<Segmenter> {
    checkPlatform("Segmenter.load");
    checkKeys(options, OPTIONS, "Segmenter.load");
    const { device = "auto", dtype = "auto", threads, maxPixels } = options;
    checkChoice(device, ["auto", "webgpu", "wasm"], "Segmenter.load", "device");
    checkChoice(dtype, dtypeChoices, "Segmenter.load", "dtype");
    if (threads !== undefined) checkInteger(threads, "Segmenter.load", "threads", 1, MAX_THREADS);
    if (maxPixels !== undefined) checkInteger(maxPixels, "Segmenter.load", "maxPixels");
    if (options.budget !== undefined) checkInteger(options.budget, "Segmenter.load", "budget", 1, MAX_BUDGET);
    const open = (signal?: AbortSignal) => openDevice(model, { ...options, device, dtype, signal });
    const opened = await open(options.signal);
    if (opened.fitted) options.onNote?.(opened.fitted.note);
    if (opened.device === "wasm" && !crossOriginIsolated && threads !== 1) options.onNote?.(ONE_THREAD);
    return new Segmenter(opened, open, options);
  }

  /** Network, class names, palette and pre-processing of the model. */
  get model(): ModelDescription {
    return this.#opened.model;
  }

  /** What the network is computed in. */
  get dtype(): Dtype {
    return this.#opened.dtype;
  }

  /** Where the network runs. */
  get device(): Device {
    return this.#opened.device;
  }

  /** Why it runs there, in a sentence. */
  get deviceNote(): string {
    return this.#opened.note;
  }

  /** What `budget` came to, in a sentence; undefined without one. */
  get budgetNote(): string | undefined {
    return this.#opened.fitted?.note;
  }

  /**
   * Finds the class of every pixel.
   *
   * @throws LightsegError NOT_FOUND or INVALID_IMAGE for a picture that cannot be read, INVALID_ARGUMENT for
   *   an unknown option or class, RUNTIME if the engine fails or after `dispose`, WORKER_FAILED if the worker
   *   ends
   */
  async segment(source: PictureSource, options: SegmentOptions = {}): Promise<Segmentation> {
    checkKeys(options, SEGMENT_OPTIONS, "segment");
    const { confidence, meanConfidence, scores, softMask } = options;
    return this.#use(async (client) => {
      const { picture, transfer } = await makeSendable(source, "segment");
      const wanted = { confidence, meanConfidence, scores, softMask };
      return client.ask("segment", { picture, options: wanted }, transfer).catch(closeAll(transfer));
    });
  }

  /**
   * Cuts classes out of a picture: a PNG of its size, transparent elsewhere, with soft edges from the scores.
   *
   * @param classes by name or index
   *
   * @example
   * image.src = URL.createObjectURL(await segmenter.cutout(file, ["person"]));
   *
   * @throws LightsegError as `segment` does; INVALID_ARGUMENT for a class that the model does not have
   */
  async cutout(source: PictureSource, classes: readonly (string | number)[]): Promise<Blob> {
    return cutoutBlob(await this.segment(source, { softMask: classes }));
  }

  /**
   * Segments a video while it plays: always its newest frame, as fast as the device can. Waits while the
   * video stands still or the page is hidden, and ends when the video does, the camera is turned off or the
   * source is taken away.
   *
   * @example
   * const frames = segmenter.stream(video, { smoothing: 0.6 });
   * for await (const { segmentation, frame } of frames) draw(frame, segmentation);
   *
   * @throws LightsegError INVALID_ARGUMENT for a smoothing out of range, INVALID_IMAGE for a video that must
   *   not be read, RUNTIME if the engine fails; the signal's reason
   */
  stream(
    video: HTMLVideoElement,
    options: StreamOptions = {},
  ): AsyncGenerator<StreamedFrame, void, undefined> {
    checkVideo(video, "stream");
    checkKeys(options, STREAM_OPTIONS, "stream");
    checkSmoothing(options.smoothing ?? 0, "stream");
    return streamVideo(this.#use, video, { ...options, signals: this.#signals(options) });
  }

  /**
   * Segments a video like `stream`, and paints each frame in the worker: with WebGPU, frame, scores, labels
   * and picture stay in the GPU's memory.
   *
   * @example
   * const screen = canvas.getContext("bitmaprenderer");
   * for await (const { picture } of segmenter.paint(video, { look: () => ({ effect: "blur" }) })) {
   *   Object.assign(canvas, { width: picture.width, height: picture.height });
   *   screen.transferFromImageBitmap(picture);
   * }
   *
   * @throws LightsegError as `stream` does
   */
  paint(video: HTMLVideoElement, options: PaintOptions = {}): AsyncGenerator<PaintedFrame, void, undefined> {
    checkVideo(video, "paint");
    checkKeys(options, [...STREAM_OPTIONS, "look", "labels"], "paint");
    checkSmoothing(options.smoothing ?? 0, "paint");
    const { maxPixels = MAX_NETWORK_PIXELS } = this.#opened.fitted ?? this.#options;
    return paintVideo(this.#use, video, { ...options, maxPixels, signals: this.#signals(options) });
  }

  /**
   * Ends the worker, which frees all of its memory; what was asked for and is not done fails. The page keeps
   * the engine's code for the next segmenter.
   */
  async dispose(): Promise<void> {
    this.#disposal.abort(disposedError("segment", "segmenter"));
    this.#opened.client.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** What ends a stream. */
  #signals({ signal }: StreamOptions): AbortSignal[] {
    return [this.#disposal.signal, ...(signal ? [signal] : [])];
  }

  /** Works with the worker; where the graphics card is lost meanwhile, once more with a new one. */
  readonly #use: UseWorker = async (work) => {
    const { client } = this.#opened;
    try {
      return await work(client);
    } catch (error) {
      const isLost = error instanceof LightsegError && error.code === "DEVICE_LOST";
      if (!isLost || this.#disposal.signal.aborted) throw error;
      return work((await this.#openAgain(client, error)).client);
    }
  };

  /** Calls that lose the same device share the next one. */
  async #openAgain(lost: SegmenterClient, error: LightsegError): Promise<OpenDevice> {
    if (this.#opened.client !== lost) return this.#opened;
    lost.terminate(error);
    this.#reopening ??= this.#reopen(this.#disposal.signal)
      .then((opened) => {
        this.#opened = opened;
        if (this.#disposal.signal.aborted) opened.client.terminate();
        else this.#options.onNote?.(`the graphics card was lost, and opened again: ${opened.note}`);
        return opened;
      })
      .finally(() => {
        this.#reopening = undefined;
      });
    return this.#reopening;
  }
}

type Reopen = (signal: AbortSignal) => Promise<OpenDevice>;

const SEGMENT_OPTIONS: readonly (keyof SegmentOptions)[] = [
  "confidence",
  "meanConfidence",
  "scores",
  "softMask",
];
const STREAM_OPTIONS: readonly (keyof StreamOptions)[] = ["signal", "smoothing"];
const OPTIONS: readonly (keyof LoadOptions)[] = [
  ...(["budget", "device", "dtype", "maxPixels", "threads"] as const),
  ...ASSET_OPTIONS,
  ...(["onNote", "onProgress", "signal"] as const),
];
