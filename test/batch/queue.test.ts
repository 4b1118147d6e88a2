import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Ledger } from "../../src/batch/ledger.ts";
import { openQueue } from "../../src/batch/queue.ts";
import { runBatch } from "../../src/batch/run.ts";
import { cancelBatch, readBatchStatus, watchBatch } from "../../src/batch/status.ts";
import { submitBatch } from "../../src/batch/submit.ts";
import { workOnBatches } from "../../src/batch/work.ts";
import { startCli } from "../cli/run-cli.ts";
import { writePhotos } from "./photos.ts";
import { freePort, hasRedis, type RedisServer, startRedis } from "./servers.ts";

describe.skipIf(!hasRedis)("a queue on Redis", () => {
  let folder = "";
  let redis: RedisServer;
  const at = (...names: string[]) => join(folder, ...names);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-queue-"));
    await writePhotos(at("photos"));
    redis = await startRedis(folder, await freePort(), "geheim");
    await runBatch({ source: at("photos"), out: at("single"), chunkSize: 1, concurrency: 1 });
  });
  afterAll(async () => {
    await redis.stop();
    await rm(folder, { recursive: true });
  });

  const submit = (name: string, resume = false) =>
    submitBatch({ source: at("photos"), out: at(name), chunkSize: 1, queue: redis.url, name, resume });
  const work = (signal = new AbortController().signal) =>
    workOnBatches({ queue: redis.url, signal, concurrency: 1, threads: 1, untilEmpty: true, lockSeconds: 1 });
  const status = (name: string) => readBatchStatus({ queue: redis.url, name });

  async function expectSameAsSingle(name: string) {
    const list = async (out: string) => (await readdir(at(out, "labels"), { recursive: true })).sort();
    expect(await list(name)).toEqual(await list("single"));
    for (const path of (await list(name)).filter((file) => file.endsWith(".png")))
      expect(await readFile(at(name, "labels", path))).toEqual(await readFile(at("single", "labels", path)));
    expect(await readdir(at(name, "results"))).toHaveLength(7);
    expect(await readdir(at(name))).not.toContain(".unfinished");
  }

  it("gives what one machine gives", async () => {
    expect((await submit("plain")).chunks).toBe(7);
    expect(await status("plain")).toMatchObject({ state: "waiting", photos: 7, done: 0 });
    expect(await work()).toBe(7);
    const seen = [];
    for await (const state of watchBatch({ queue: redis.url, name: "plain" })) seen.push(state);
    expect(seen).toMatchObject([{ state: "done", done: 7, errors: 3, failed: [] }]);
    await expectSameAsSingle("plain");
  });

  it("takes over the chunk of a worker that was killed, and goes on after a clean stop", async () => {
    await submit("killed");
    const env = ["batch", "work", "--queue", redis.url, "--lock", "1", "--concurrency", "1"];
    for (const [signal, expected] of [
      ["SIGKILL", null],
      ["SIGTERM", 143],
    ] as const) {
      const { child, ended } = startCli(env);
      await new Promise<void>((resolve) => {
        child.stderr?.on("data", (text) => String(text).includes("chunk") && resolve());
        child.on("exit", () => resolve());
      });
      child.kill(signal);
      const { code, stderr } = await ended;
      expect(code).toBe(expected);
      expect(stderr).not.toContain("geheim");
    }
    await work();
    expect(await status("killed")).toMatchObject({ state: "done", done: 7, errors: 3 });
    await expectSameAsSingle("killed");
  });

  it("cancels a job, and submits the rest again", async () => {
    await submit("stopped");
    expect(await cancelBatch({ queue: redis.url, name: "stopped" })).toBe(7);
    expect(await work()).toBe(0);
    expect(await status("stopped")).toMatchObject({ state: "cancelled", done: 0 });
    expect((await submit("stopped", true)).chunks).toBe(7);
    await work();
    await expectSameAsSingle("stopped");
  });

  it("counts no chunk of a job that was cancelled when its turn comes", async () => {
    await submit("waiting");
    const connection = await openQueue(redis.url);
    await new Ledger(connection.redis).cancel("waiting");
    await connection.close();
    expect(await work()).toBe(0);
    expect(await status("waiting")).toMatchObject({ state: "cancelled", done: 0 });
  });

  it("does a job whose name was used before, in a worker that knows the old one", async () => {
    const stop = new AbortController();
    const worker = workOnBatches({ queue: redis.url, signal: stop.signal, concurrency: 1, threads: 1 });
    for (const [day, photo] of [
      ["monday", "a b.png"],
      ["tuesday", "z.jpg"],
    ] as const) {
      const name = "nightly";
      await submitBatch({ source: at("photos", photo), out: at(day), queue: redis.url, name });
      await expect.poll(async () => (await status(name)).state, { timeout: 30_000 }).toBe("done");
      expect(await readdir(at(day, "labels"))).toEqual([`${photo}.png`]);
    }
    stop.abort();
    await worker;
  });

  it("says what is wrong with a server, without its password", async () => {
    const wrong = redis.url.replace("geheim", "falsch");
    await expect(openQueue(wrong)).rejects.toThrow(/refuses the password/);
    await expect(openQueue(wrong)).rejects.not.toThrow(/falsch/);
    await expect(openQueue(`redis://:falsch@127.0.0.1:${await freePort()}`)).rejects.toThrow(
      /the queue at 127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED/,
    );
    await expect(status("unknown")).rejects.toThrow(/is not a job of this queue/);
  });
});
