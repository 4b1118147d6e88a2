import { checkKeys } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { formatAddress, parseAddress } from "./address.ts";
import { type BatchJob, countChunks } from "./job.ts";
import { checkJobName, Ledger } from "./ledger.ts";
import { openQueue, type QueueConnection } from "./queue.ts";
import { listMissingChunks } from "./results.ts";
import { BATCH_OPTIONS, type BatchOptions, prepareBatch } from "./run.ts";

/** Options of `submitBatch`. */
export interface SubmitBatchOptions extends BatchOptions {
  /** `redis://[user:password@]host:port`. */
  readonly queue: string;
  /** What the job is called: 1 to 64 letters, digits, dots, hyphens and underscores. */
  readonly name: string;
}

/** What `submitBatch` put on the queue. */
export interface SubmittedBatch {
  readonly job: BatchJob;
  /** Chunks that were put on the queue: those without results. */
  readonly chunks: number;
}

/** Chunks that one command to the server adds. */
const SLICE = 1000;
/** A chunk whose storage fails is tried again after 1, 2, 4 s and so on: for a quarter of an hour in all. */
const RETRIES = { attempts: 11, backoff: { type: "exponential", delay: 1000, jitter: 0.5 } } as const;

/**
 * Plans a batch and puts its chunks on a queue, for workers on any number of machines. All of them must reach
 * source and target.
 *
 * Submitted again with `resume`, it adds the chunks without results: chunks that failed, were cancelled, or
 * that the server lost.
 *
 * @throws LightsegError QUEUE, INVALID_RUN, and what `runBatch` throws while it plans
 */
export async function submitBatch(options: SubmitBatchOptions): Promise<SubmittedBatch> {
  checkKeys(options, [...BATCH_OPTIONS, "queue"], "submitBatch");
  const { name, out } = options;
  checkJobName(name);
  const connection = await openQueue(options.queue);
  try {
    const ledger = new Ledger(connection.redis);
    const target = formatAddress(parseAddress(out));
    const known = await ledger.read(name);
    if (
      known &&
      known.target !== target &&
      known.cancelled !== "1" &&
      (await ledger.countDone(name)) < known.chunks
    )
      throw taken(name, known.target);
    const { job, target: storage } = await prepareBatch(options);
    const missing = await listMissingChunks(storage, job);
    const isMissing = new Set(missing);
    const chunks = countChunks(job);
    const done = Array.from({ length: chunks }, (_, index) => index).filter((index) => !isMissing.has(index));
    await removeFailed(connection, name);
    await ledger.enter(name, { target, photos: job.photos, chunks, chunkSize: job.chunkSize }, done);
    for (let start = 0; start < missing.length; start += SLICE)
      await connection.queue.addBulk(
        missing.slice(start, start + SLICE).map((index) => ({
          name: "chunk",
          data: { job: name, index },
          // A chunk that waits or is being done is not added again.
          opts: { jobId: chunkId(name, index), ...RETRIES, removeOnComplete: true },
        })),
      );
    return { job, chunks: missing.length };
  } finally {
    await connection.close();
  }
}

/** The number of a chunk on the queue; BullMQ takes no colons. */
export function chunkId(name: string, index: number): string {
  return `${name}-chunk-${index}`;
}

/** Their numbers are free for another try then. */
async function removeFailed({ queue }: QueueConnection, name: string): Promise<void> {
  for (const failed of await queue.getFailed()) if (failed?.data.job === name) await failed.remove();
}

function taken(name: string, target: string): LightsegError {
  const rule = `is the name of a job that is not done, with the target ${target}`;
  const hint = "take another name, or cancel that job";
  return new LightsegError({
    code: "INVALID_RUN",
    where: "submitBatch",
    argument: "name",
    rule,
    value: name,
    hint,
  });
}
