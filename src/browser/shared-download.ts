import type { DownloadOptions } from "./download.ts";
import type { DownloadProgress } from "./types.ts";

interface Running {
  readonly result: Promise<unknown>;
  readonly stop: AbortController;
  readonly listeners: Set<(progress: DownloadProgress) => void>;
  last: DownloadProgress | undefined;
  /** How many wait for the result. */
  waiting: number;
}

/** Makes callers of the same key share one download; it is given up when none of them waits any more. */
export class SharedDownloads<Result> {
  readonly #running = new Map<string, Running & { readonly result: Promise<Result> }>();

  /**
   * @param start begins the download if none of this key runs
   * @throws what `start` throws; the signal's reason
   */
  async get(
    key: string,
    start: (options: DownloadOptions) => Promise<Result>,
    { signal, onProgress = () => undefined }: DownloadOptions,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const running = this.#running.get(key) ?? this.#begin(key, start);
    running.waiting++;
    const tell = (progress: DownloadProgress) => onProgress(progress);
    running.listeners.add(tell);
    if (running.last) tell(running.last);
    let leave = (): void => undefined;
    try {
      return await new Promise<Result>((resolve, reject) => {
        const abort = () => reject(signal?.reason);
        signal?.addEventListener("abort", abort);
        leave = () => signal?.removeEventListener("abort", abort);
        running.result.then(resolve, reject);
      });
    } finally {
      leave();
      running.listeners.delete(tell);
      if (--running.waiting === 0) {
        running.stop.abort();
        if (this.#running.get(key) === running) this.#running.delete(key);
      }
    }
  }

  #begin(key: string, start: (options: DownloadOptions) => Promise<Result>) {
    const stop = new AbortController();
    const listeners: Running["listeners"] = new Set();
    const onProgress = (progress: DownloadProgress) => {
      running.last = progress;
      for (const tell of listeners) tell(progress);
    };
    const result = start({ signal: stop.signal, onProgress });
    const running = { result, stop, listeners, last: undefined as Running["last"], waiting: 0 };
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
