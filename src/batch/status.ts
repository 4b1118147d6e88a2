import { checkKeys } from "../check.ts";
import { publicAddress } from "./address.ts";
import { Ledger } from "./ledger.ts";
import { pause } from "./pause.ts";
import { openQueue, type QueueConnection } from "./queue.ts";
import { chunkId } from "./submit.ts";

/** How far a job is. */
export interface BatchStatus {
  readonly name: string;
  readonly state: "waiting" | "working" | "done" | "cancelled" | "failed";
  /** Where the results go. */
  readonly target: string;
  readonly photos: number;
  readonly done: number;
  /** Photos whose row has an error. */
  readonly errors: number;
  readonly chunks: number;
  readonly doneChunks: number;
  /** Chunks that were given up after all tries, and why: `submit --resume` tries them again. */
  readonly failed: readonly { readonly chunk: number; readonly reason: string }[];
  /** Workers on the queue, whatever their job; null where the server does not tell. */
  readonly workers: number | null;
  /** Since the first chunk was done; null for the first 5 seconds. */
  readonly photosPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** A job on a queue. */
export interface QueuedBatch {
  /** `redis://[user:password@]host:port`. */
  readonly queue: string;
  readonly name: string;
}

/** Options of `watchBatch`. */
export interface WatchBatchOptions extends QueuedBatch {
  /** Milliseconds between two looks. Defaults to 1000. */
  readonly every?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Told when the server is away, and when it is back. */
  readonly onNote?: (text: string) => void;
}

/**
 * Says how far a job is, again and again until it is over.
 *
 * @throws LightsegError QUEUE, or NOT_FOUND for a job that the server does not know
 */
export async function* watchBatch(options: WatchBatchOptions): AsyncGenerator<BatchStatus> {
  checkKeys(options, ["queue", "name", "every", "signal", "onNote"], "watchBatch");
  const { queue, name, every = 1000, signal, onNote } = options;
  const connection = await openQueue(queue, onNote);
  try {
    for (;;) {
      const status = await readStatus(connection, name);
      yield status;
      if (["done", "failed", "cancelled"].includes(status.state)) return;
      await pause(every, signal).catch(() => undefined);
      if (signal?.aborted) return;
    }
  } finally {
    await connection.close();
  }
}

/** Says how far a job is now. @throws LightsegError as `watchBatch` */
export async function readBatchStatus(options: QueuedBatch): Promise<BatchStatus> {
  checkKeys(options, ["queue", "name"], "readBatchStatus");
  const connection = await openQueue(options.queue);
  return readStatus(connection, options.name).finally(() => connection.close());
}

async function readStatus({ queue, redis }: QueueConnection, name: string): Promise<BatchStatus> {
  const ledger = new Ledger(redis);
  const entry = await ledger.require(name);
  const [doneChunks, errors, lastDone, failedMessages, workers] = await Promise.all([
    ledger.countDone(name),
    ledger.countErrors(name),
    ledger.isDone(name, entry.chunks - 1),
    queue.getFailed(),
    queue.getWorkersCount().catch(() => null),
  ]);
  const failed = failedMessages
    .filter((message) => message?.data.job === name)
    .map(({ data, failedReason }) => ({ chunk: data.index, reason: failedReason }));
  const { photos, chunks, chunkSize, started, updated, before } = entry;
  const short = chunks * chunkSize - photos;
  const done = doneChunks * chunkSize - (lastDone ? short : 0);
  const seconds = started === undefined || updated === undefined ? 0 : (updated - started) / 1000;
  // The clock starts when the first chunk is done, so that chunk does not count.
  const photosPerSecond = speedOf((doneChunks - before - 1) * chunkSize, seconds);
  const secondsLeft = photosPerSecond === null ? null : (photos - done) / photosPerSecond;
  const state = stateOf({ isCancelled: entry.cancelled === "1", doneChunks, chunks, failed: failed.length });
  return {
    ...{ name, state, target: publicAddress(entry.target), photos, done, errors, chunks, doneChunks, failed },
    ...{ workers, photosPerSecond, secondsLeft },
  };
}

/** Chunks end in bunches, and a shorter time says little of their speed. */
const MEASURED_SECONDS = 5;

/** Photos a second; null before they were measured for some seconds. */
export function speedOf(photos: number, seconds: number): number | null {
  return photos > 0 && seconds >= MEASURED_SECONDS ? photos / seconds : null;
}

function stateOf(job: {
  isCancelled: boolean;
  doneChunks: number;
  chunks: number;
  failed: number;
}): BatchStatus["state"] {
  if (job.doneChunks === job.chunks) return "done";
  if (job.isCancelled) return "cancelled";
  if (job.doneChunks + job.failed === job.chunks) return "failed";
  return job.doneChunks > 0 ? "working" : "waiting";
}

/** Removals that one round asks for at once. */
const SLICE = 500;

/**
 * Takes the waiting chunks of a job off the queue. Workers drop those under way within about a second.
 * Results stay, and `submitBatch` with `resume` goes on.
 *
 * @returns how many chunks are left undone
 * @throws LightsegError QUEUE or NOT_FOUND
 */
export async function cancelBatch(options: QueuedBatch): Promise<number> {
  checkKeys(options, ["queue", "name"], "cancelBatch");
  const connection = await openQueue(options.queue);
  try {
    const ledger = new Ledger(connection.redis);
    const { chunks } = await ledger.require(options.name);
    await ledger.cancel(options.name);
    for (let start = 0; start < chunks; start += SLICE) {
      const numbers = Array.from({ length: Math.min(SLICE, chunks - start) }, (_, offset) => start + offset);
      // A chunk in work cannot be removed from the queue; its worker notices that the job was cancelled.
      await Promise.all(
        numbers.map((index) => connection.queue.remove(chunkId(options.name, index)).catch(() => 0)),
      );
    }
    return chunks - (await ledger.countDone(options.name));
  } finally {
    await connection.close();
  }
}
