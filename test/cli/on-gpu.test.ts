import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { decodeMask } from "../../src/images/node/mask.ts";
import { train } from "../../src/trainer/train.ts";
import { parseTrainingConfig } from "../../src/training/config.ts";
import { writeCamvid } from "../support/camvid.ts";
import { describeOnGpu } from "../support/on-gpu.ts";
import { runCli } from "./run-cli.ts";

let folder = "";
const file = (...names: string[]) => join(folder, ...names);
const timeout = 900_000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-on-gpu-"));
  await writeCamvid(file("data"), (pixel, photo) => (Math.floor((pixel % 64) / 8) + photo) % 12);
});
afterAll(() => rm(folder, { recursive: true }));

async function cli(...args: string[]): Promise<string> {
  const { code, stderr } = await runCli(args);
  expect(code, stderr).toBe(0);
  return stderr;
}

/** 20 steps. */
const trainArgs = (run: string, device: string) => [
  ...["train", "--run", file(run), "--device", device, "--model", "ndnet29-fcn32", "--dataset", "camvid"],
  ...["--data", file("data"), "--batch", "2", "--crop", "64x64", "--epochs", "5", "--validate-every", "5"],
];

const line = z.object({ loss: z.number().optional() });

async function losses(run: string): Promise<number[]> {
  const log = await readFile(file(run, "log.jsonl"), "utf8");
  const lines = log.trimEnd().split("\n");
  return lines.flatMap((text) => line.parse(JSON.parse(text)).loss ?? []);
}

function expectSameLosses(found: readonly number[], expected: readonly number[]) {
  expect(found).toHaveLength(expected.length);
  for (const [step, loss] of expected.entries())
    expect(Math.abs((found[step] ?? 0) - loss)).toBeLessThan(1e-3);
}

describeOnGpu("--device webgpu", () => {
  it("segments as the CPU does", { timeout }, async () => {
    const labels = async (device: string) => {
      const photo = file("data", "val", "photo0.png");
      await cli(
        "segment",
        photo,
        "--model",
        "camvid",
        "--dtype",
        "fp32",
        "--device",
        device,
        "--out",
        file(device),
      );
      return decodeMask(await readFile(file(device, "photo0.labels.png")), "labels").data;
    };
    const [onCpu, onGpu] = [await labels("cpu"), await labels("webgpu")];
    const equal = onCpu.filter((label, pixel) => label === onGpu[pixel]).length;
    expect(equal / onCpu.length).toBeGreaterThanOrEqual(0.995);
  });

  it("trains as the CPU does, which goes on with its runs", { timeout }, async () => {
    await cli(...trainArgs("cpu", "cpu"));
    await cli(...trainArgs("webgpu", "webgpu"));
    const expected = await losses("cpu");
    expect(expected).toHaveLength(20);
    expectSameLosses(await losses("webgpu"), expected);
    const origin: unknown = JSON.parse(await readFile(file("webgpu", "origin.json"), "utf8"));
    expect(origin).toMatchObject({ device: "webgpu" });

    const stop = new AbortController();
    const { finished } = await train({
      run: file("part"),
      device: "webgpu",
      config: parseTrainingConfig(JSON.parse(await readFile(file("webgpu", "config.json"), "utf8"))),
      onEvent: ({ kind }) => kind === "step" && stop.abort(),
      signal: stop.signal,
    });
    expect(finished).toBe(false);
    const log = await cli("train", "--run", file("part"), "--resume", "--device", "cpu");
    expect(log).toContain(
      "the run began on webgpu and goes on on cpu: not bit for bit as it would have there",
    );
    expectSameLosses(await losses("part"), expected);
  });

  it("two processes share an adapter", { timeout }, async () => {
    const photo = file("data", "val", "photo0.png");
    const args = ["segment", photo, "--model", "camvid", "--dtype", "fp32", "--device", "webgpu", "--out"];
    await Promise.all(["one", "two"].map((out) => cli(...args, file(out))));
    const read = (out: string) => readFile(file(out, "photo0.labels.png"));
    expect(await read("one")).toEqual(await read("two"));
  });
});
