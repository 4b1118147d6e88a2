import { availableParallelism } from "node:os";
import { checkInteger, checkKeys, checkPath } from "../check.ts";
import { countFittingNetworks } from "../inference/node/share-threads.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import { parseAddress } from "./address.ts";
import { finishJob } from "./finish.ts";
import { type BatchJob, completeSettings, type JobSettings, readChunk, readJob } from "./job.ts";
import { type LoadJobModelOptions, loadJobModel, reopenJobModel } from "./job-model.ts";
import type { Lane } from "./lane.ts";
import { LanePool } from "./lane-pool.ts";
import { openStorage } from "./open-storage.ts";
import { pause } from "./pause.ts";
import { type ChunkOptions, checkApart, planJob } from "./plan.ts";
import { listMissingChunks } from "./results.ts";
import { type ChunkResult, type SegmentChunkOptions, segmentChunk } from "./segment-chunk.ts";
import { StorageError } from "./storage.ts";

/** Options of a batch, on one machine or on a queue. */
export interface BatchOptions extends LoadJobModelOptions, ChunkOptions {
  /** The folder or `s3://bucket/prefix` for the results. */
  readonly out: string;
  /** Outputs for each photo. Defaults to label maps and the table. */
  readonly settings?: Partial<JobSettings>;
}

/** The names of `BatchOptions`. */
export const BATCH_OPTIONS: readonly (keyof BatchOptions)[] = [
  ...(["source", "column", "masks", "onSkip", "out", "name", "chunkSize", "resume"] as const),
  ...(["model", "dtype", "settings"] as const),
];

/** Options of `runBatch`. */
export interface RunBatchOptions extends BatchOptions, LaneOptions {
  /** Stops between two photos; `resume` goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each photo that is done. */
  readonly onProgress?: ((progress: BatchProgress) => void) | undefined;
}

/** How many networks run side by side. */
export interface LaneOptions {
  /** Networks, 1 to 256. Defaults to one a core, less where memory is small. */
  readonly concurrency?: number | undefined;
  /** Threads of each, 1 to 256. Defaults to the cores divided among them. */
  readonly threads?: number | undefined;
}

/** How far a batch is. */
export interface BatchProgress {
  /** Photos done so far, those of earlier runs included. */
  readonly done: number;
  readonly photos: number;
  /** Photos of this run, and how many of them have an error. */
  readonly own: number;
  readonly errors: number;
}

/** What `runBatch` has done. */
export interface BatchResult extends BatchProgress {
  readonly job: BatchJob;
}

/**
 * Segments all photos of a source on this machine, without a server.
 *
 * @throws LightsegError INVALID_RUN, INVALID_ARGUMENT, NOT_FOUND, STORAGE, OUTPUT, DEPENDENCY; the signal's
 *   reason
 */
export async function runBatch(options: RunBatchOptions): Promise<BatchResult> {
  checkKeys(options, [...BATCH_OPTIONS, "concurrency", "threads", "signal", "onProgress"], "runBatch");
  const { signal, onProgress } = options;
  const most = chooseLanes(options);
  const { job, target, model } = await prepareBatch(options);
  const missing = await listMissingChunks(target, job);
  const before = job.photos - missing.reduce((sum, index) => sum + chunkPhotos(job, index), 0);
  const total = { own: 0, errors: 0 };
  const report = () => ({ done: before + total.own, photos: job.photos, ...total });
  const count = Math.min(most.count, Math.max(1, missing.length));
  const pool = new LanePool(chooseLanes({ ...options, concurrency: count }).threads);
  try {
    const work = async () => {
      for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
        const photos = await readChunk(target, index);
        let tried = { own: 0, errors: 0 };
        const onPhoto = (hasError: boolean) => {
          for (const tally of [total, tried]) {
            tally.own++;
            if (hasError) tally.errors++;
          }
          onProgress?.(report());
        };
        // When a chunk is tried again, its photos are counted from 0.
        const onTry = () => {
          total.own -= tried.own;
          total.errors -= tried.errors;
          tried = { own: 0, errors: 0 };
        };
        const chunk = { index, photos, job, target, signal, onPhoto };
        await segmentPatiently(chunk, { onTry, lend: (use) => pool.lend(job.model.version, model, use) });
      }
    };
    const outcomes = await Promise.allSettled(
      Array.from({ length: count }, () =>
        work().catch((error: unknown) => {
          // A failure stops all lanes, each after its current chunk.
          missing.length = 0;
          throw error;
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  } finally {
    await pool.dispose();
  }
  await finishJob(target, job, { model: model.model, address: parseAddress(options.out) });
  return { ...report(), job };
}

/** Plans a batch, or takes one up. */
export async function prepareBatch(options: BatchOptions) {
  checkPath(options.out, "runBatch", "out", "must be a path or an address");
  if (options.source !== undefined) {
    checkPath(options.source, "runBatch", "source", "must be a path or an address");
    checkApart(options.source, options.out);
  }
  const target = await openStorage(parseAddress(options.out));
  const known = options.resume ? await readJob(target) : undefined;
  const settings = completeSettings(options.settings, known?.settings);
  const model =
    known && options.model === undefined
      ? await reopenJobModel(target, known, options.dtype)
      : await loadJobModel(options);
  const job = await planJob({ ...options, target, model, settings });
  return { job, target, model };
}

function chunkPhotos({ photos, chunkSize }: BatchJob, index: number): number {
  return Math.min(chunkSize, photos - index * chunkSize);
}

/** Seconds before each further try. */
const PAUSES = [1, 4, 15, 60];

interface Tries {
  readonly onTry: () => void;
  /** Hands a network to each try; one that failed is replaced. */
  readonly lend: (use: (lane: Lane) => Promise<ChunkResult>) => Promise<ChunkResult>;
}

/** Does a chunk, and tries again later if the storage or the engine fails. */
async function segmentPatiently(
  options: Omit<SegmentChunkOptions, "lane">,
  { onTry, lend }: Tries,
): Promise<ChunkResult> {
  for (const [tries, seconds] of PAUSES.entries()) {
    onTry();
    try {
      return await lend((lane) => segmentChunk({ ...options, lane, blamePhotos: tries > 0 }));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!mayPass(error)) throw error;
      await pause(1000 * seconds, options.signal);
    }
  }
  onTry();
  return lend((lane) => segmentChunk({ ...options, lane, blamePhotos: true }));
}

function mayPass(error: unknown): boolean {
  if (error instanceof StorageError) return error.transient;
  return error instanceof Error && "code" in error && ["RUNTIME", "DEVICE_LOST"].includes(String(error.code));
}

/**
 * How many networks run side by side, and with how many threads each.
 *
 * @throws LightsegError INVALID_ARGUMENT for numbers that cannot be
 */
export function chooseLanes({ concurrency, threads }: LaneOptions): { count: number; threads: number } {
  const cores = availableParallelism();
  const count = concurrency ?? Math.min(cores, countFittingNetworks());
  checkInteger(count, "runBatch", "concurrency", 1, MAX_THREADS);
  if (threads !== undefined) checkInteger(threads, "runBatch", "threads", 1, MAX_THREADS);
  return { count, threads: threads ?? Math.max(1, Math.floor(cores / count)) };
}
