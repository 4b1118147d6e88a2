import type { DownloadOptions } from "./download.ts";
import type { DownloadProgress } from "./types.ts";

interface Running<Result> {
  readonly result: Promise<Result>;
  readonly stop: AbortController;
  readonly listeners: Set<(progress: DownloadProgress) => void>;
  last: DownloadProgress | undefined;
  /** How many wait for the result. */
  waiting: number;
}

/** Makes callers of the same key share one download; it is given up when none of them waits any more. */
export class SharedDownloads<Result> {
  readonly #running = new Map<string, Running<Result>>();

  /**
   * @param start begins the download if none of this key runs
   * @throws what `start` or this caller's `onProgress` throws; the signal's reason
   */
  async get(
    key: string,
    start: (options: DownloadOptions) => Promise<Result>,
    { signal, onProgress = () => undefined }: DownloadOptions,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const running = this.#running.get(key) ?? this.#begin(key, start);
    running.waiting++;
    let leave = (): void => undefined;
    try {
      return await new Promise<Result>((resolve, reject) => {
        const abort = () => reject(signal?.reason);
        const tell = (progress: DownloadProgress) => {
          // What it throws is this caller's own, and leaves the others their download.
          try {
            onProgress(progress);
          } catch (error) {
            reject(error);
          }
        };
        signal?.addEventListener("abort", abort);
        running.listeners.add(tell);
        leave = () => {
          signal?.removeEventListener("abort", abort);
          running.listeners.delete(tell);
        };
        if (running.last) tell(running.last);
        running.result.then(resolve, reject);
      });
    } finally {
      leave();
      if (--running.waiting === 0) {
        running.stop.abort();
        if (this.#running.get(key) === running) this.#running.delete(key);
      }
    }
  }

  #begin(key: string, start: (options: DownloadOptions) => Promise<Result>): Running<Result> {
    const stop = new AbortController();
    const listeners: Running<Result>["listeners"] = new Set();
    const onProgress = (progress: DownloadProgress) => {
      running.last = progress;
      for (const tell of listeners) tell(progress);
    };
    const result = start({ signal: stop.signal, onProgress });
    const running: Running<Result> = { result, stop, listeners, last: undefined, waiting: 0 };
    this.#running.set(key, running);
    return running;
  }
}

/**
 * Makes one account of several downloads: each event has the bytes of all.
 *
 * @param totals bytes of each file, as far as they are known beforehand
 */
export function addUp(
  onProgress: (progress: DownloadProgress) => void,
  totals: Readonly<Record<string, number>>,
): (progress: DownloadProgress) => void {
  const parts = new Map(Object.entries(totals).map(([file, total]) => [file, { loaded: 0, total }]));
  return ({ file, loaded, total }) => {
    parts.set(file, { loaded, total: Math.max(total, totals[file] ?? 0) });
    const sum = { file, loaded: 0, total: 0 };
    for (const part of parts.values()) {
      sum.loaded += part.loaded;
      sum.total += part.total;
    }
    onProgress(sum);
  };
}
