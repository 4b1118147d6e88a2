import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { describeModel } from "../../src/model-files/description.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { writeCamvid } from "../support/camvid.ts";
import { randomModel } from "../support/model.ts";
import { runCli, runJson, startCli } from "./run-cli.ts";

const STEPS = 8;
const result = z.object({
  run: z.string(),
  step: z.number(),
  finished: z.boolean(),
  best: z.object({ miou: z.number(), step: z.number() }).nullable(),
  last: z.string(),
});

let folder = "";
const file = (...names: string[]) => join(folder, ...names);
const training = (run: string, data = file("data")) => [
  ...["train", "--run", file(run), "--model", "refinenet-lw-mobilenet-v2", "--dataset", "camvid"],
  ...["--data", data, "--crop", "32x32", "--batch", "2", "--epochs", "2", "--validate-every", "1"],
  ...["--save-every", "3", "--schedule", "stages:1:1,0.5", "--warmup", "2", "--threads", "1"],
];
const evaluation = (model: string) => [
  ...["evaluate", "--model", model, "--dataset", "camvid", "--data", file("data"), "--threads", "1"],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-train-"));
  await writeCamvid(file("data"), (pixel, photo) => (Math.floor((pixel % 64) / 8) + photo) % 12);
  await writeCamvid(file("mislabelled"), () => 12);
});
afterAll(() => rm(folder, { recursive: true }));

/** The log without the times, which differ from run to run. */
async function readLog(run: string): Promise<unknown[]> {
  const lines = (await readFile(file(run, "log.jsonl"), "utf8").catch(() => "")).split("\n").slice(0, -1);
  return lines.map((line) => z.record(z.string(), z.unknown()).parse({ ...JSON.parse(line), ms: 0 }));
}

async function untilLogged(run: string, lines: number): Promise<void> {
  while ((await readLog(run)).length < lines) await sleep(20);
}

async function expectSameRun(run: string, other: string): Promise<void> {
  expect(await readLog(run)).toEqual(await readLog(other));
  const [weights, others] = await Promise.all(
    [run, other].map((name) => readFile(file(name, "last.safetensors"))),
  );
  expect(weights?.equals(others ?? Buffer.of())).toBe(true);
}

describe("lightseg train and evaluate", { timeout: 300_000 }, () => {
  it("trains with progress on standard error, and the best model measures as the log says", async () => {
    const { code, stderr, json } = await runJson(training("whole"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/step 1\/8 \(12 %\) {2}epoch 1 {2}loss \d\.\d+ {2}[\d.]+ s\/step {2}\d+ s left\n/);
    expect(stderr).toMatch(/validation after step 8: mean IoU [\d.]+ %.*\nclass +IoU\nsky +[\d.]+ %\n/);
    expect(stderr).toMatch(/no weights were named: imagenet is taken.*\nimagenet: the encoder; /);
    expect(JSON.parse(await readFile(file("whole", "config.json"), "utf8"))).toMatchObject({
      weights: "imagenet",
    });
    const { best, ...rest } = result.parse(json);
    expect(rest).toEqual({
      run: file("whole"),
      step: STEPS,
      finished: true,
      last: file("whole", "last.safetensors"),
    });

    const measured = await runJson(evaluation(file("whole", "best.safetensors")));
    expect(measured.code).toBe(0);
    const metrics = z
      .object({
        miou: z.number(),
        iou: z.record(z.string(), z.number().nullable()),
        pixelAccuracy: z.number(),
        images: z.literal(2),
      })
      .parse(measured.json);
    expect(metrics.miou).toBe(best?.miou);
    expect(await readLog("whole")).toContainEqual(
      expect.objectContaining({ kind: "validation", iou: metrics.iou }),
    );
    const { stdout } = await runCli(evaluation(file("whole", "best.safetensors")));
    expect(stdout).toMatch(/bicyclist +.*\n\nmean IoU +[\d.]+ %\npixel accuracy +[\d.]+ %\n/);
    expect(stdout).toMatch(/images +2\n$/);
  });

  it("goes on after kill -9 and ends with the same weights, bit for bit", async () => {
    const { child, ended } = startCli(training("killed"));
    await untilLogged("killed", 6);
    child.kill("SIGKILL");
    await ended;
    expect((await readLog("killed")).length).toBeLessThan(STEPS + 1);
    const { code, stdout } = await runCli(["train", "--run", file("killed"), "--resume"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`finished after step ${STEPS}`);
    await expectSameRun("killed", "whole");
  });

  it("leaves a run alone that another process trains", async () => {
    const lock = file("whole", "training.lock");
    await writeFile(lock, JSON.stringify({ host: hostname(), process: process.pid }));
    const { code, stderr } = await runCli(["train", "--run", file("whole"), "--resume"]);
    await rm(lock);
    expect(code).toBe(1);
    expect(stderr).toContain(`is being trained by process ${process.pid}`);
  });

  it("stops cleanly at Ctrl-C, with a checkpoint to go on from", async () => {
    const { child, ended } = startCli(training("stopped"));
    await untilLogged("stopped", 1);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("once more to stop at once");
    expect(stdout).toContain(`go on with: lightseg train --run ${file("stopped")} --resume`);
    expect(existsSync(file("stopped", "last.safetensors"))).toBe(true);
    const stoppedAfter = (await readLog("stopped")).length;
    expect(stoppedAfter).toBeLessThan(5);

    const resume = ["train", "--run", file("stopped"), "--resume"];
    const other = await runJson([...resume, "--seed", "7"]);
    expect(other).toMatchObject({ code: 2, json: { error: { code: "INVALID_ARGUMENT" } } });
    expect(other.stderr).toContain("seed must stay 0 in a resumed run");
    const again = await runCli(training("stopped"));
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("holds a training run already");
    expect(await readLog("stopped")).toHaveLength(stoppedAfter);

    expect(result.parse((await runJson([...resume, "--crop", "32x32"])).json).finished).toBe(true);
    await expectSameRun("stopped", "whole");
  });

  it("refuses data and models that do not fit, and leaves no run where none can begin", async () => {
    const missing = await runJson(training("missing", file("nowhere")));
    expect(missing).toMatchObject({ code: 1, json: { error: { code: "NOT_FOUND" } } });
    const cut = await runJson([...training("missing"), "--weights", file("nowhere.pth")]);
    expect(cut).toMatchObject({ code: 1, json: { error: { code: "NOT_FOUND" } } });
    expect(existsSync(file("missing"))).toBe(false);

    const mislabelled = await runJson(training("mislabelled-run", file("mislabelled")));
    expect(mislabelled).toMatchObject({ code: 1, json: { error: { code: "INVALID_DATASET" } } });
    expect(mislabelled.stderr).toMatch(/must only hold the mask values .* got "12 at column/);
    const none = await runJson(["train", "--run", file("none"), "--resume"]);
    expect(none).toMatchObject({ code: 1, json: { error: { code: "NOT_FOUND" } } });

    const model = randomModel();
    const classes = model.classes.toReversed();
    const metadata = describeModel({ ...model, classes });
    await writeSafetensors(file("reversed.safetensors"), model.weights, { metadata });
    const reversed = await runJson(evaluation(file("reversed.safetensors")));
    expect(reversed).toMatchObject({ code: 1, json: { error: { code: "INVALID_WEIGHTS" } } });
    expect(reversed.stderr).toContain("must have the 11 classes of camvid (sky, building");
  });
});
