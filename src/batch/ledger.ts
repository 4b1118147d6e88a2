import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { LightsegError } from "../errors.ts";

const entrySchema = z.object({
  target: z.string(),
  /** Another one each time that the job is submitted. */
  submission: z.string().default(""),
  photos: z.coerce.number(),
  chunks: z.coerce.number(),
  chunkSize: z.coerce.number(),
  cancelled: z.string().optional(),
  /** Milliseconds since 1970 when the first and the latest chunk were done since the job was submitted. */
  started: z.coerce.number().optional(),
  updated: z.coerce.number().optional(),
  /** Chunks that were done before. */
  before: z.coerce.number().default(0),
});

/** A job on the queue's server, without its chunks. */
export type LedgerEntry = z.output<typeof entrySchema>;

/** Names are parts of keys and of file names. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** @throws LightsegError INVALID_ARGUMENT */
export function checkJobName(name: string): void {
  if (NAME.test(name)) return;
  const rule = "must be 1 to 64 letters, digits, dots, hyphens and underscores";
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "checkJobName",
    argument: "name",
    rule,
    value: name,
  });
}

/**
 * Which chunks of each job are done: a bit each, so that doing one twice counts once, and a million take 125
 * kB.
 */
export class Ledger {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async read(name: string): Promise<LedgerEntry | undefined> {
    const fields = await this.#redis.hgetall(key(name));
    return Object.keys(fields).length === 0 ? undefined : entrySchema.parse(fields);
  }

  /** @throws LightsegError NOT_FOUND */
  async require(name: string): Promise<LedgerEntry> {
    const entry = await this.read(name);
    if (entry) return entry;
    const rule = "is not a job of this queue";
    throw new LightsegError({ code: "NOT_FOUND", where: "Ledger", argument: "name", rule, value: name });
  }

  /** Enters a job, or one that is submitted again. @param done chunks that have their results already */
  async enter(
    name: string,
    { target, photos, chunks, chunkSize }: Pick<LedgerEntry, "target" | "photos" | "chunks" | "chunkSize">,
    done: readonly number[],
  ): Promise<void> {
    const steps = this.#redis.multi();
    const earlierErrors = await this.#redis.hgetall(`${key(name)}:errors`);
    steps.del(key(name), `${key(name)}:done`, `${key(name)}:errors`);
    steps.hset(key(name), {
      target,
      submission: randomUUID(),
      photos,
      chunks,
      chunkSize,
      before: done.length,
    });
    for (const index of done) {
      steps.setbit(`${key(name)}:done`, index, 1);
      const errors = earlierErrors[String(index)];
      if (errors !== undefined) steps.hset(`${key(name)}:errors`, String(index), errors);
    }
    await steps.exec();
  }

  /** @returns how many chunks are done now */
  async markDone(name: string, index: number, errors: number): Promise<number> {
    const now = Date.now();
    await this.#redis
      .multi()
      .setbit(`${key(name)}:done`, index, 1)
      .hsetnx(key(name), "started", now)
      .hset(key(name), { updated: now })
      .hset(`${key(name)}:errors`, { [index]: errors })
      .exec();
    return this.countDone(name);
  }

  countDone(name: string): Promise<number> {
    return this.#redis.bitcount(`${key(name)}:done`);
  }

  /** Whether the last chunk is done, which may have fewer photos than the others. */
  async isDone(name: string, index: number): Promise<boolean> {
    return (await this.#redis.getbit(`${key(name)}:done`, index)) === 1;
  }

  /** Photos with an error. */
  async countErrors(name: string): Promise<number> {
    const counts = await this.#redis.hvals(`${key(name)}:errors`);
    return counts.reduce((sum, count) => sum + Number(count), 0);
  }

  async cancel(name: string): Promise<void> {
    await this.#redis.hset(key(name), { cancelled: "1" });
  }

  async isCancelled(name: string): Promise<boolean> {
    return (await this.#redis.hget(key(name), "cancelled")) === "1";
  }
}

function key(name: string): string {
  return `lightseg:job:${name}`;
}
