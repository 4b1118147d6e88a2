import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runBatch } from "../../src/batch/run.ts";
import { closeS3, openS3 } from "../../src/batch/s3-storage.ts";
import { createRandom } from "../../src/random.ts";
import { failureOf } from "../support/errors.ts";
import { type Fate, type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import { badPhotos, goodPhotos, writePhotos } from "./photos.ts";
import { freePort, type S3Server, startS3 } from "./servers.ts";

let folder = "";
let server: S3Server;
let proxy: FaultyProxy;
const at = (...names: string[]) => join(folder, ...names);
const environment = { ...process.env };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-storage-faults-"));
  await writePhotos(at("photos"));
  server = await startS3(at("s3"), "shop");
  proxy = await startFaultyProxy(server.port);
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${proxy.port}`;
  const s3 = await openS3();
  for (const id of [...goodPhotos, ...badPhotos])
    await s3.write("shop", `photos/${id}`, await readFile(at("photos", id)));
  await runBatch({ source: at("photos"), out: at("expected"), ...once });
});
beforeEach(async () => {
  await closeS3();
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${proxy.port}`;
});
afterEach(() => {
  proxy.decide = () => "pass";
});
afterAll(async () => {
  await closeS3();
  await proxy.stop();
  await server.stop();
  Object.assign(process.env, environment);
  await rm(folder, { recursive: true });
});

const once = { chunkSize: 4, concurrency: 1, threads: 1 };
const run = (out: string) => runBatch({ source: "s3://shop/photos", out: `s3://shop/${out}`, ...once });

async function expectWhole(out: string, result: { photos: number; errors: number }) {
  expect(result).toMatchObject({ photos: 7, errors: 3 });
  proxy.decide = () => "pass";
  const s3 = await openS3();
  for (const id of goodPhotos)
    expect(Buffer.from(await s3.read("shop", `${out}/labels/${id}.png`))).toEqual(
      await readFile(at("expected", "labels", `${id}.png`)),
    );
  const tables: string[] = [];
  for await (const key of s3.list("shop", `${out}/results/`)) tables.push(key);
  expect(tables).toHaveLength(2);
}

describe("a batch whose storage", () => {
  it("fails, hangs up and cuts answers now and then gives what it would have given", async () => {
    const random = createRandom(5);
    proxy.decide = () => (["fail", "reset", "cut"] as const)[Math.floor(random() * 12)] ?? "pass";
    const before = { ...proxy.fates };
    const result = await run("flaky");
    for (const fate of ["fail", "reset", "cut"] as const)
      expect(proxy.fates[fate]).toBeGreaterThan(before[fate]);
    await expectWhole("flaky", result);
  });

  it("is gone in the middle for a while goes on when it is back", async () => {
    let isGone = false;
    proxy.decide = (_, { method, url = "" }) => {
      if (method === "PUT" && url.includes("/labels/") && !isGone) {
        isGone = true;
        void wait(600).then(() => {
          proxy.decide = () => "pass";
        });
      }
      return isGone ? "reset" : "pass";
    };
    await expectWhole("gone", await run("gone"));
    expect(isGone).toBe(true);
  });

  it.each<[Fate, RegExp]>([
    ["fail", /^openS3: s3:\/\/shop\/photos\/z\.jpg: the storage fails: it answers 503 SlowDown$/],
    ["reset", /^openS3: s3:\/\/shop\/photos\/z\.jpg: the storage cannot be reached: ECONNRESET$/],
    ["cut", /^openS3: s3:\/\/shop\/photos\/z\.jpg: the storage cannot be reached: ECONNRESET$/],
    ["hang", /^openS3: s3:\/\/shop\/photos\/z\.jpg: the storage cannot be reached: Timeout/],
  ])("does nothing but %s is told from one that refuses", async (fate, message) => {
    process.env.LIGHTSEG_S3_TIMEOUT_MS = "200";
    proxy.decide = () => fate;
    const s3 = await openS3();
    const error = await failureOf(s3.read("shop", "photos/z.jpg"));
    delete process.env.LIGHTSEG_S3_TIMEOUT_MS;
    expect(error).toMatchObject({ code: "STORAGE", transient: true });
    expect(error.message).toMatch(message);
  });

  it("is not there is told by the system's code", async () => {
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${await freePort()}`;
    const error = await failureOf((await openS3()).write("shop", "a", Uint8Array.of(1)));
    expect(error.message).toBe("openS3: s3://shop/a: the storage cannot be reached: ECONNREFUSED");
  });

  it("knows another secret ends the batch at once, and shows neither", async () => {
    const strict = await startS3(at("strict"), "shop", { checksSignatures: true });
    process.env.AWS_SECRET_ACCESS_KEY = "geheim";
    const error = await failureOf(run("refused"));
    process.env.AWS_SECRET_ACCESS_KEY = "S3RVER";
    await closeS3();
    await strict.stop();
    expect(error).toMatchObject({ code: "STORAGE", transient: false });
    expect(error.message).toMatch(/^openS3: s3:\/\/shop: the bucket refuses the credentials \(SignatureDoes/);
    for (const secret of ["geheim", "S3RVER"]) {
      expect(JSON.stringify({ ...error, stack: error.stack })).not.toContain(secret);
      expect(error.cause).toBeUndefined();
    }
  });
});
