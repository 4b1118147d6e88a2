import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import type { Device } from "../../src/runtime/node/devices.ts";
import { train } from "../../src/trainer/train.ts";
import { writeCamvid } from "../support/camvid.ts";

let folder = "";
const file = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-gpu-"));
  await writeCamvid(file("data"), (pixel, photo) => (Math.floor((pixel % 64) / 8) + photo) % 12);
});
afterAll(() => rm(folder, { recursive: true }));

const line = z.object({ kind: z.string(), loss: z.number().optional() });

async function losses(device: Device): Promise<number[]> {
  await train({
    run: file(device),
    device,
    config: {
      network: "ndnet29-fcn32",
      dataset: "camvid",
      data: file("data"),
      batch: 2,
      crop: [64, 64],
      epochs: 5,
      validateEvery: 5,
    },
  });
  const log = await readFile(file(device, "log.jsonl"), "utf8");
  const lines = log.trimEnd().split("\n");
  return lines.flatMap((text) => line.parse(JSON.parse(text)).loss ?? []);
}

describe.skipIf(process.env.LIGHTSEG_TEST_DEVICE !== "webgpu")("WebGPU (npm run test:gpu)", () => {
  it("trains as the CPU does, and segments the same", { timeout: 600_000 }, async () => {
    const expected = await losses("cpu");
    const found = await losses("webgpu");
    expect(found).toHaveLength(expected.length);
    for (const [step, loss] of expected.entries())
      expect(Math.abs((found[step] ?? 0) - loss)).toBeLessThan(1e-3);
    expect(JSON.parse(await readFile(file("webgpu", "origin.json"), "utf8"))).toMatchObject({
      device: "webgpu",
    });

    const labels = async (device: Device) => {
      await using segmenter = await Segmenter.load("camvid", { device, dtype: "fp32" });
      const data = Uint8Array.from({ length: 3 * 96 * 64 }, (_, at) => (at * 7919) % 251);
      return (await segmenter.segment({ width: 96, height: 64, data })).labels;
    };
    const [onCpu, onGpu] = [await labels("cpu"), await labels("webgpu")];
    const equal = onCpu.filter((label, pixel) => label === onGpu[pixel]).length;
    expect(equal / onCpu.length).toBeGreaterThanOrEqual(0.995);
  });
});
