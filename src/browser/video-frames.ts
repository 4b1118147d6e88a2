import { LightsegError } from "../errors.ts";

/** Which frame of a video is shown. */
export interface ShownFrame {
  /** In seconds from the start of the video. */
  readonly timestamp: number;
  /** How many frames were shown since the one before and were not asked for. */
  readonly dropped: number;
}

/** Watches a video for frames that have not been asked for yet. */
export class VideoFrames {
  readonly #video: HTMLVideoElement;
  #callback = 0;
  /** The newest frame that was not asked for yet. */
  #newest: { timestamp: number; count: number } | undefined;
  #lastCount = 0;
  #wake: () => void = () => undefined;
  #stopped = false;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    // A paused video shows no further frame.
    if (hasPicture(video)) this.#newest = { timestamp: video.currentTime, count: 0 };
    this.#watch();
  }

  /**
   * Waits for a frame that is newer than the last one, and for the page to be visible.
   *
   * @returns undefined when the video has ended, or has no source any more
   * @throws LightsegError INVALID_IMAGE for a video that cannot be played; the reason of one of the signals
   */
  async next(signals: readonly AbortSignal[]): Promise<ShownFrame | undefined> {
    for (;;) {
      for (const signal of signals) signal.throwIfAborted();
      if (this.#video.error) throw unplayable(this.#video.error);
      if (!document.hidden) {
        // A source that was changed has no picture yet, whatever the one before has shown.
        const newest = hasPicture(this.#video) ? this.#newest : undefined;
        this.#newest = undefined;
        if (newest) {
          const dropped = Math.max(0, newest.count - this.#lastCount - 1);
          this.#lastCount = newest.count;
          return { timestamp: newest.timestamp, dropped };
        }
        if (isOver(this.#video)) return undefined;
      }
      await this.#change(signals);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#video.cancelVideoFrameCallback(this.#callback);
  }

  #watch(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_, { mediaTime, presentedFrames }) => {
      if (this.#stopped) return;
      // How many frames were shown before the first callback is unknown.
      if (this.#lastCount === 0) this.#lastCount = presentedFrames - 1;
      this.#newest = { timestamp: mediaTime, count: presentedFrames };
      this.#wake();
      this.#watch();
    });
  }

  /** Waits until something has happened that `next` should look at. */
  #change(signals: readonly AbortSignal[]): Promise<void> {
    return new Promise((resolve) => {
      const listening = new AbortController();
      this.#wake = () => {
        listening.abort();
        resolve();
      };
      const options = { signal: listening.signal };
      for (const type of ["ended", "emptied", "error"])
        this.#video.addEventListener(type, this.#wake, options);
      if (this.#video.srcObject instanceof MediaStream)
        this.#video.srcObject.addEventListener("inactive", this.#wake, options);
      document.addEventListener("visibilitychange", this.#wake, options);
      for (const signal of signals) signal.addEventListener("abort", this.#wake, options);
    });
  }
}

/** Whether a video has a picture now: not while its source is loaded. */
export function hasPicture({ readyState, HAVE_CURRENT_DATA }: HTMLVideoElement): boolean {
  return readyState >= HAVE_CURRENT_DATA;
}

function unplayable({ code, message }: MediaError): LightsegError {
  const rule = `cannot be played: ${message || `error ${code}`}`;
  return new LightsegError({ code: "INVALID_IMAGE", where: "stream", argument: "video", rule });
}

/**
 * Whether no further frame will come: at the end of a clip, when a camera was turned off, or without a
 * source.
 */
function isOver({ ended, networkState, srcObject }: HTMLVideoElement): boolean {
  const isOff = srcObject instanceof MediaStream && !srcObject.active;
  return ended || isOff || networkState === HTMLMediaElement.NETWORK_EMPTY;
}
