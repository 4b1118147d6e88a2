/**
 * Segments many photos with three workers of which one is killed with -9 every few seconds, restarts Redis
 * once in the middle, and checks that nothing is lost, doubled or half-written:
 * `npm run build && npx tsx scripts/batch-kills.ts [--photos 2000] [--every 4]`.
 *
 * Needs redis-server on the PATH. The photos are copies of the examples, made smaller.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { watchBatch } from "../src/batch/status.ts";
import { submitBatch } from "../src/batch/submit.ts";
import { decodeMask } from "../src/images/node/mask.ts";
import { Segmenter } from "../src/inference/node/node-segmenter.ts";
import { freePort, startRedis } from "../test/batch/servers.ts";
import { askDuckDb } from "../test/batch/table.ts";

const { values } = parseArgs({
  options: { photos: { type: "string", default: "2000" }, every: { type: "string", default: "4" } },
});
const count = Number(values.photos);
const folder = await mkdtemp(join(tmpdir(), "lightseg-kills-"));
const originals = ["astronaut.jpg", "camera.jpg", "chelsea.jpg", "coffee.jpg"];
await mkdir(join(folder, "photos"));
for (const [index, name] of originals.entries())
  await sharp(join("examples", name))
    .resize(160, 120 + 8 * index, { fit: "fill" })
    .toFile(join(folder, name));
for (let index = 0; index < count; index++)
  await copyFile(join(folder, originals[index % 4] ?? ""), join(folder, "photos", `${index}.jpg`));

const port = await freePort();
let redis = await startRedis(folder, port);
const out = join(folder, "out");
await submitBatch({ source: join(folder, "photos"), out, queue: redis.url, name: "kills", chunkSize: 20 });

const workers: ChildProcess[] = [];
const startWorker = () => {
  const args = ["dist/cli/main.js", "batch", "work", "--queue", redis.url, "--lock", "3"];
  return spawn(process.execPath, [...args, "--concurrency", "1", "--threads", "1"], { stdio: "ignore" });
};
for (let index = 0; index < 3; index++) workers.push(startWorker());

const start = performance.now();
let kills = 0;
let restarted = false;
const every = Number(values.every) * 1000;
for await (const status of watchBatch({ queue: redis.url, name: "kills", every })) {
  console.log(
    `${Math.round((performance.now() - start) / 1000)} s: ${status.done} photos, ${kills} kills, ${status.failed.length} given up`,
  );
  if (status.state === "done" || status.state === "failed") break;
  const victim = kills++ % 3;
  workers[victim]?.kill("SIGKILL");
  workers[victim] = startWorker();
  if (!restarted && status.done >= count / 2) {
    restarted = true;
    await redis.stop();
    await wait(1000);
    redis = await startRedis(folder, port);
    console.log("Redis was restarted");
  }
}
const seconds = (performance.now() - start) / 1000;
await wait(1500);
for (const worker of workers) worker.kill("SIGTERM");
await Promise.all(
  workers.map(
    (worker) =>
      new Promise((resolve) =>
        worker.exitCode === null && worker.signalCode === null ? worker.on("exit", resolve) : resolve(0),
      ),
  ),
);
await redis.stop();

const [table] = await askDuckDb(
  out,
  "SELECT count(DISTINCT id)::INT AS photos, (count(*) - count(DISTINCT (id, class)))::INT AS doubled, count(error)::INT AS errors FROM TABLE",
);
await using segmenter = await Segmenter.load();
const expected = await Promise.all(
  originals.map(async (name) => (await segmenter.segment(join(folder, name))).labels),
);
let different = 0;
for (let index = 0; index < count; index++) {
  const name = `${index}.jpg.png`;
  const { data } = decodeMask(await readFile(join(out, "labels", name)), name);
  if (Buffer.compare(data, expected[index % 4] ?? data.subarray(1)) !== 0) different++;
}
const strays = (await readdir(out, { recursive: true })).filter((name) => /tmp|unfinished/.test(name));
const files = (await readdir(join(out, "labels"))).length;
console.log(
  JSON.stringify({
    count,
    seconds: Math.round(seconds),
    kills,
    restarted,
    ...table,
    files,
    different,
    strays,
  }),
);
await rm(folder, { recursive: true });
const isRight =
  table?.photos === count &&
  table.doubled === 0 &&
  table.errors === 0 &&
  files === count &&
  different === 0 &&
  strays.length === 0;
process.exitCode = isRight && restarted ? 0 : 1;
