import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { LightsegError, messageOf } from "../errors.ts";
import { explainMissing } from "./optional.ts";

/** The queue that all jobs share, on whichever server. */
export const QUEUE_NAME = "lightseg";

/** A worker's message; the rest lies in the target. */
export interface ChunkMessage {
  readonly job: string;
  readonly index: number;
}

/** A connection with the server of the queue. Call `close` when done. */
export interface QueueConnection {
  readonly queue: Queue<ChunkMessage>;
  /** Holds which chunks of a job are done, which BullMQ does not keep. */
  readonly redis: Redis;
  /** Where the server is, without its password. */
  readonly server: string;
  /** A further connection, which waits for a server that is away. */
  connect(): Redis;
  close(): Promise<void>;
}

/** What must be installed for a queue. */
export interface QueuePackages {
  readonly bullmq: Pick<typeof import("bullmq"), "Queue" | "Worker" | "WaitingError" | "UnrecoverableError">;
  readonly Redis: typeof import("ioredis").Redis;
}

/** Loads the packages. @throws LightsegError DEPENDENCY */
export async function loadQueuePackages(): Promise<QueuePackages> {
  try {
    const bullmq = await import("bullmq");
    const { Redis } = await import("ioredis");
    return { bullmq, Redis };
  } catch (cause) {
    throw explainMissing("bullmq ioredis", "a queue of chunks", cause);
  }
}

/**
 * Connects with Redis or Valkey, and says so if that fails, rather than trying for ever.
 *
 * @param url `redis://[user:password@]host:port[/database]`, or `rediss://` for TLS
 * @param onError told of a connection that is lost later and tried again
 * @throws LightsegError QUEUE, INVALID_ARGUMENT or DEPENDENCY
 */
export async function openQueue(
  url: string,
  onError: (message: string) => void = () => undefined,
): Promise<QueueConnection> {
  const server = serverOf(url);
  const { bullmq, Redis } = await loadQueuePackages();
  await tryServer(
    new Redis(url, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      connectTimeout: 10_000,
    }),
    server,
  );
  const opened: Redis[] = [];
  let lost = false;
  const connect = () => {
    const redis = new Redis(url, {
      maxRetriesPerRequest: null,
      retryStrategy: (tries) => Math.min(5000, 200 * tries),
    });
    redis.on("error", (error) => {
      // All tries fail alike; only the first is reported.
      if (!lost)
        onError(`the queue at ${server} is away: ${withoutSecrets(messageOf(error), url)}; trying again`);
      lost = true;
    });
    redis.on("ready", () => {
      if (lost) onError(`the queue at ${server} is back`);
      lost = false;
    });
    opened.push(redis);
    return redis;
  };
  const queue = new bullmq.Queue<ChunkMessage>(QUEUE_NAME, { connection: connect() });
  // The connection reports errors. Without a listener the queue's own would end the program.
  queue.on("error", () => undefined);
  return {
    queue,
    redis: connect(),
    server,
    connect,
    async close() {
      await queue.close();
      for (const redis of opened) redis.disconnect();
    },
  };
}

async function tryServer(redis: Redis, server: string): Promise<void> {
  let reason = "";
  redis.on("error", (error) => {
    reason = "code" in error ? String(error.code) : messageOf(error);
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw refusal(server, reason || messageOf(error));
  } finally {
    redis.disconnect();
  }
}

function refusal(server: string, reason: string): LightsegError {
  const isPassword = /WRONGPASS|NOAUTH|invalid password|without any password/i.test(reason);
  const rule = isPassword ? "refuses the password" : `cannot be reached: ${reason}`;
  const hint = isPassword
    ? "redis://USER:PASSWORD@HOST:PORT, best in the environment as LIGHTSEG_QUEUE"
    : undefined;
  return new LightsegError({
    code: "QUEUE",
    where: "openQueue",
    argument: `the queue at ${server}`,
    rule,
    hint,
  });
}

function serverOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^rediss?:$/.test(parsed.protocol) && parsed.hostname !== "")
    return `${parsed.hostname}:${parsed.port || 6379}`;
  const rule = "must be redis://HOST:PORT or rediss://HOST:PORT";
  throw new LightsegError({ code: "INVALID_ARGUMENT", where: "openQueue", argument: "queue", rule });
}

function withoutSecrets(message: string, url: string): string {
  const { password } = new URL(url);
  return password === ""
    ? message
    : message.replaceAll(decodeURIComponent(password), "***").replaceAll(password, "***");
}
