import type { Segmentation } from "../../src/web.ts";
import type { Playing } from "./camera.ts";
import { lookControls } from "./controls.ts";
import { clearTiming, showFacts, showTiming } from "./facts.ts";
import type { Settings } from "./look.ts";
import type { LoadedModel } from "./models.ts";
import { isAbort, say, sayError, showProgress } from "./page.ts";
import type { SegmentedPicture, Stage } from "./stage.ts";

/** What is segmented: a photo once, a video frame by frame until it is stopped. */
export type Source =
  | { readonly kind: "photo"; readonly picture: ImageBitmap }
  | { readonly kind: "clip"; readonly file: Blob; readonly playing: Playing }
  | { readonly kind: "camera"; readonly playing: Playing };

export interface PlayerOptions {
  readonly stage: Stage;
  /** The model that is chosen, and the device that was asked for. */
  readonly model: () => Promise<LoadedModel>;
  readonly device: () => string;
  readonly onSource: (source: Source | undefined) => void;
}

/** Segments what is chosen on the stage. */
export class Player {
  readonly #options: PlayerOptions;
  #running = new AbortController();
  #openings = 0;
  #source: Source | undefined;
  #photo: SegmentedPicture | undefined;
  #isPaused = false;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** Whether anything was opened, be it in vain. */
  get isUsed(): boolean {
    return this.#openings > 0;
  }

  get source(): Source | undefined {
    return this.#source;
  }

  /** Aborted when something else is segmented, or by another model. */
  get signal(): AbortSignal {
    return this.#running.signal;
  }

  /** Opens a source in place of the present one, which stays in charge if that fails. */
  async open(opening: Promise<Source>): Promise<void> {
    const number = ++this.#openings;
    try {
      const source = await opening;
      // A camera that was allowed when the stage was out of sight stays off.
      if (number !== this.#openings || (this.#isPaused && source.kind === "camera")) return release(source);
      this.#take(source);
      await this.restart();
    } catch (error) {
      if (number === this.#openings) sayError(error);
    }
  }

  /** Segments the same source anew, a clip from where it is: model or smoothing have changed. */
  async restart(): Promise<void> {
    this.#running.abort();
    this.#running = new AbortController();
    const [source, { signal }] = [this.#source, this.#running];
    if (!source) return;
    try {
      if (source.kind === "photo") await this.#segmentPhoto(source.picture, signal);
      else await this.#segmentVideo(source.playing.video, signal);
      // A camera that was unplugged, or taken away by the system.
      if (source.kind !== "photo" && !signal.aborted) this.stop();
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) sayError(error);
    }
  }

  /** Turns camera or clip off. */
  stop(): void {
    const text = this.#source?.kind === "camera" ? "The camera is off." : "The clip is closed.";
    this.#running.abort();
    this.#take(undefined);
    this.#options.stage.clear("Choose a camera, photo or clip below, or drop a file anywhere.");
    showProgress(undefined);
    say(text);
  }

  /** The stage goes out of sight: a camera is turned off, a clip waits. */
  pause(): void {
    this.#isPaused = true;
    if (this.#source?.kind === "camera") this.stop();
    if (this.#source?.kind === "clip") this.#source.playing.video.pause();
  }

  /** The stage is in sight again. */
  async resume(): Promise<void> {
    this.#isPaused = false;
    if (this.#source?.kind === "clip") await this.#source.playing.video.play();
  }

  /** What is on the stage now, without the part of the picture that is left as it is. */
  async current(): Promise<SegmentedPicture | undefined> {
    const source = this.#source;
    if (!source || source.kind === "photo") return this.#photo;
    const { segmenter, list } = await this.#options.model();
    const picture = await createImageBitmap(source.playing.video);
    return { picture, segmentation: await segmenter.segment(picture, { scores: true }), list };
  }

  #take(source: Source | undefined): void {
    const before = this.#source;
    this.#source = source;
    this.#photo = undefined;
    if (before) release(before);
    clearTiming();
    this.#options.onSource(source);
  }

  async #segmentPhoto(picture: ImageBitmap, signal: AbortSignal): Promise<void> {
    const { stage, model, device } = this.#options;
    stage.showPlain(picture);
    showProgress("working");
    try {
      const { segmenter, list } = await model();
      if (signal.aborted) return;
      const millions = (picture.width * picture.height) / 1e6;
      say(millions < 1 ? "Segmenting…" : `Segmenting ${millions.toFixed(0)} million pixels…`);
      showProgress("working");
      // Soft edges are made of scores.
      const segmentation = await segmenter.segment(picture, { scores: true });
      if (signal.aborted) return;
      this.#photo = { picture, segmentation, list };
      stage.showPhoto(this.#photo);
      showTiming(segmentation.timing);
      await showFacts(segmenter, device());
      say(describe(segmentation));
    } finally {
      if (!signal.aborted) showProgress(undefined);
    }
  }

  async #segmentVideo(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
    const { stage, model, device } = this.#options;
    const { segmenter, list } = await model();
    signal.throwIfAborted();
    await showFacts(segmenter, device());
    say("Running.");
    let last = performance.now();
    let rate: number | undefined;
    let settings: Settings = stage.settings;
    const look = () => {
      settings = stage.settings;
      return stage.look(list);
    };
    for await (const frame of segmenter.paint(video, { signal, look, smoothing: lookControls.smoothing })) {
      stage.showFrame(frame, settings, list);
      const now = performance.now();
      const current = 1000 / (now - last);
      rate = rate === undefined ? current : 0.9 * rate + 0.1 * current;
      last = now;
      showTiming(frame.timing, rate);
    }
  }
}

function release(source: Source): void {
  if (source.kind !== "photo") source.playing.stop();
}

function describe({ found, width, height }: Segmentation): string {
  const names = found.filter(({ share }) => share > 0.005).map(({ name }) => name);
  return `${width} x ${height} pixels: ${names.join(", ")}.`;
}
