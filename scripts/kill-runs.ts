/**
 * Kills a small training with SIGKILL at random moments, resumes it, and compares its files with those of a
 * run that was never stopped, bit for bit.
 *
 *   npx tsx scripts/kill-runs.ts [KILLS, default 100] [SEED, default 1]
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../src/random.ts";
import { writeCamvid } from "../test/support/camvid.ts";

const [kills = 100, seed = 1] = process.argv.slice(2).map(Number);
const random = createRandom(seed);
const folder = await mkdtemp(join(tmpdir(), "lightseg-kill-runs-"));
const begin = [
  ...["--model", "ndnet29-fcn32", "--dataset", "camvid", "--data", join(folder, "data"), "--threads", "1"],
  ...["--crop", "32x32", "--batch", "2", "--epochs", "6", "--validate-every", "1", "--save-every", "1"],
  ...["--averaging", "0.9", "--optimizer", "adamw"],
];

/**
 * Trains, and kills the training some milliseconds after its run began.
 *
 * @returns whether it ended before, and after how many milliseconds
 */
async function train(run: string, options: readonly string[], killAfter?: number) {
  const args = ["--import", "tsx", "src/cli/main.ts", "train", "--run", run, ...options];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  const hasBegun = new Promise<void>((resolve) => {
    child.stderr.on("data", (chunk) => {
      errors += chunk;
      // Told just before the run's folder is made, or its last checkpoint is left.
      if (/weights begin|step \d+ of/.test(errors)) resolve();
    });
  });
  let start = performance.now();
  void hasBegun.then(() => {
    start = performance.now();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  if (killAfter !== undefined) {
    await Promise.race([hasBegun, ended]);
    await Promise.race([sleep(killAfter), ended]);
    child.kill("SIGKILL");
  }
  const code = await ended;
  if (code !== null && code !== 0) throw new Error(`the training failed:\n${errors}`);
  return { finished: code === 0, ms: performance.now() - start };
}

/** The files of a run that must be equal, and the log without its times. */
async function filesOf(run: string): Promise<Map<string, string>> {
  const names = (await readdir(run)).filter((name) => !["origin.json", "report.html"].includes(name));
  const entries = names.map(async (name) => {
    const text = await readFile(join(run, name), "latin1");
    return [name, text.replaceAll(/"ms":[\d.e-]+/g, "")] as const;
  });
  return new Map(await Promise.all(entries));
}

try {
  await writeCamvid(join(folder, "data"), (pixel, photo) => (Math.floor((pixel % 64) / 8) + photo) % 12);
  const { ms: length } = await train(join(folder, "whole"), begin);
  const whole = await filesOf(join(folder, "whole"));
  let done = 0;
  for (let round = 1; done < kills; round++) {
    const run = join(folder, `killed-${round}`);
    const killsBefore = done;
    for (let isOver = false; !isOver; ) {
      const isBegun = existsSync(join(run, "config.json"));
      const moment = done < kills ? random() * length : undefined;
      isOver = (await train(run, isBegun ? ["--resume"] : begin, moment)).finished;
      if (!isOver) done++;
    }
    const files = await filesOf(run);
    const names = new Set([...whole.keys(), ...files.keys()]);
    const other = [...names].filter((name) => whole.get(name) !== files.get(name));
    if (other.length > 0) throw new Error(`run ${round} differs in ${other.join(", ")}; see ${run}`);
    console.log(`run ${round}: killed ${done - killsBefore} times, equal bit for bit (${done} of ${kills})`);
    await rm(run, { recursive: true });
  }
  await rm(folder, { recursive: true });
} catch (error) {
  console.error(`files are kept in ${folder}`);
  throw error;
}
