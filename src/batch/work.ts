import type { Job as Message } from "bullmq";
import { checkInteger, checkKeys } from "../check.ts";
import { LightsegError, messageOf } from "../errors.ts";
import type { LoadedModel } from "../model-files/node/load.ts";
import { plural } from "../plural.ts";
import { parseAddress } from "./address.ts";
import { finishJob } from "./finish.ts";
import { type BatchJob, countChunks, readChunk, readJob } from "./job.ts";
import { openJobModel } from "./job-model.ts";
import { LanePool } from "./lane-pool.ts";
import { Ledger, type LedgerEntry } from "./ledger.ts";
import { openStorage } from "./open-storage.ts";
import { pause } from "./pause.ts";
import {
  type ChunkMessage,
  loadQueuePackages,
  openQueue,
  QUEUE_NAME,
  type QueueConnection,
} from "./queue.ts";
import { RecentMap } from "./recent-map.ts";
import { listMissingChunks } from "./results.ts";
import { chooseLanes, type LaneOptions } from "./run.ts";
import { segmentChunk } from "./segment-chunk.ts";
import { type Storage, StorageError } from "./storage.ts";

/** Options of `workOnBatches`. */
export interface WorkOnBatchesOptions extends LaneOptions {
  /** `redis://[user:password@]host:port`. */
  readonly queue: string;
  /** Stops: chunks under way go back to the queue at once. */
  readonly signal?: AbortSignal;
  /** Ends when no chunk waits or is being done. Defaults to waiting for more. */
  readonly untilEmpty?: boolean;
  /** Seconds after which the chunk of a worker that died is given to another. Defaults to 30. */
  readonly lockSeconds?: number | undefined;
  /** Told of chunks that are done, and of trouble with the server. */
  readonly onNote?: (text: string) => void;
}

const OPTIONS: readonly (keyof WorkOnBatchesOptions)[] = [
  ...(["queue", "signal", "untilEmpty", "lockSeconds", "onNote", "concurrency", "threads"] as const),
];

/** Between two looks at whether a job was cancelled or the queue is empty, in milliseconds. */
const LOOK_EVERY = 1000;
/** How often the chunk of a worker that died is given to another: it may be what workers die of. */
const MAX_DEATHS = 50;
/** Jobs whose weights stay in memory: chunks of a few come in turns, and a worker of days sees many. */
const MOST_JOBS = 4;

/**
 * Does chunks from a queue until it is stopped.
 *
 * The lock on a chunk is renewed while its network runs, which is in another thread.
 *
 * @returns how many chunks were done
 * @throws LightsegError QUEUE, INVALID_ARGUMENT, DEPENDENCY; STORAGE, OUTPUT, INVALID_WEIGHTS or DEPENDENCY
 *   where this machine cannot do its work, after the chunk has gone back to the queue
 */
export async function workOnBatches(options: WorkOnBatchesOptions): Promise<number> {
  checkKeys(options, OPTIONS, "workOnBatches");
  const { untilEmpty = false, lockSeconds = 30, onNote = () => undefined } = options;
  const { count, threads } = chooseLanes(options);
  checkInteger(lockSeconds, "workOnBatches", "lockSeconds");
  const { bullmq } = await loadQueuePackages();
  const connection = await openQueue(options.queue, onNote);
  const halt = new AbortController();
  const shared = {
    ledger: new Ledger(connection.redis),
    pool: new LanePool(threads),
    jobs: new RecentMap<string, KnownJob>(MOST_JOBS),
    onNote,
    signal: AbortSignal.any([...(options.signal ? [options.signal] : []), halt.signal]),
  };
  let done = 0;
  let failure: unknown;
  const worker = new bullmq.Worker<ChunkMessage>(
    QUEUE_NAME,
    async (message, token) => {
      try {
        if (await doChunk(message, shared)) done++;
      } catch (error) {
        const isOwn = isFaultOfMachine(error);
        if (isOwn) {
          failure ??= error;
          halt.abort();
        }
        if (isOwn || shared.signal.aborted || error instanceof SubmittedAgain) {
          await message.moveToWait(token);
          throw new bullmq.WaitingError();
        }
        onNote(`${message.data.job}, chunk ${message.data.index}: ${messageOf(error)}`);
        if (error instanceof LightsegError && error.code === "NOT_FOUND")
          throw new bullmq.UnrecoverableError(error.message);
        throw error;
      }
    },
    {
      connection: connection.connect(),
      concurrency: count,
      lockDuration: lockSeconds * 1000,
      stalledInterval: lockSeconds * 500,
      maxStalledCount: MAX_DEATHS,
    },
  );
  // The connection tells of its errors; a lock that was lost means that another worker does the chunk.
  worker.on("error", () => undefined);
  onNote(
    `working on the queue at ${connection.server}: ${plural(count, "network")} of ${plural(threads, "thread")}`,
  );
  try {
    await untilStopped(connection, shared.signal, untilEmpty);
  } finally {
    await worker.close();
    await shared.pool.dispose();
    await connection.close();
  }
  if (failure !== undefined) throw failure;
  return done;
}

/** A job was submitted again while its chunk was under way: the chunk got no second message, and is due. */
class SubmittedAgain extends Error {}

interface KnownJob {
  readonly submission: string;
  readonly opening: Promise<OpenJob>;
}

interface OpenJob {
  readonly job: BatchJob;
  readonly storage: Storage;
  readonly model: LoadedModel;
  readonly target: string;
}

interface Shared {
  readonly ledger: Ledger;
  readonly pool: LanePool;
  readonly jobs: RecentMap<string, KnownJob>;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
}

/** @returns whether it was done; not so where its job was cancelled */
async function doChunk(message: Message<ChunkMessage>, shared: Shared): Promise<boolean> {
  const { job: name, index } = message.data;
  const { ledger, pool, onNote } = shared;
  const entry = await ledger.require(name);
  if (entry.cancelled === "1") return false;
  const { job, storage, model, target } = await openJob(name, entry, shared);
  const photos = await readChunk(storage, index);
  const cancelled = watchCancel(name, ledger);
  const start = performance.now();
  try {
    const { errors } = await pool.lend(job.model.version + job.model.dtype, model, (lane) =>
      segmentChunk({
        ...{ index, photos, job, target: storage, lane },
        signal: AbortSignal.any([shared.signal, cancelled.signal]),
        blamePhotos: message.attemptsMade > 0,
      }),
    );
    const seconds = (performance.now() - start) / 1000;
    onNote(
      `${name}, chunk ${index}: ${plural(photos.length, "photo")}, ${errors} with errors, ${seconds.toFixed(1)} s`,
    );
    // Submitted again with another target, for which the chunk is still to be done.
    if ((await ledger.require(name)).target !== target) throw new SubmittedAgain();
    const done = await ledger.markDone(name, index, errors);
    const isLast = done === countChunks(job) && (await listMissingChunks(storage, job)).length === 0;
    if (isLast) await finishJob(storage, job, { model: model.model, address: parseAddress(target) });
    return true;
  } catch (error) {
    if (!cancelled.signal.aborted) throw error;
    if (!(await ledger.isCancelled(name))) throw new SubmittedAgain();
    return false;
  } finally {
    cancelled.stop();
  }
}

/** A job is opened when its first chunk comes, and again when it was submitted anew. */
function openJob(
  name: string,
  { target, submission }: LedgerEntry,
  { jobs }: Pick<Shared, "jobs">,
): Promise<OpenJob> {
  const known = jobs.get(name);
  if (known?.submission === submission) return known.opening;
  const opening = (async () => {
    const storage = await openStorage(parseAddress(target));
    const job = await readJob(storage);
    if (!job) {
      const rule = "holds no batch that this machine can see";
      const where = "workOnBatches";
      throw new LightsegError({ code: "NOT_FOUND", where, file: target, argument: "the target", rule });
    }
    return { job, storage, target, model: await openJobModel(storage, job) };
  })();
  jobs.set(name, { submission, opening });
  // The next chunk tries anew.
  opening.catch(() => jobs.get(name)?.opening === opening && jobs.delete(name));
  return opening;
}

function watchCancel(name: string, ledger: Ledger) {
  const controller = new AbortController();
  const timer = setInterval(() => {
    ledger.isCancelled(name).then(
      (isCancelled) => isCancelled && controller.abort(),
      () => undefined,
    );
  }, LOOK_EVERY);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

/** What another machine may not suffer from: it, not the chunk, is to stop. */
function isFaultOfMachine(error: unknown): boolean {
  if (error instanceof StorageError) return !error.transient;
  return error instanceof LightsegError && ["OUTPUT", "DEPENDENCY", "INVALID_WEIGHTS"].includes(error.code);
}

async function untilStopped(
  { queue }: QueueConnection,
  signal: AbortSignal,
  untilEmpty: boolean,
): Promise<void> {
  const isEmpty = async () => {
    const counts = await queue.getJobCounts("waiting", "active", "delayed", "prioritized");
    return Object.values(counts).every((count) => count === 0);
  };
  while (!signal.aborted) {
    if (untilEmpty && (await isEmpty())) return;
    await pause(LOOK_EVERY, signal).catch(() => undefined);
  }
}
