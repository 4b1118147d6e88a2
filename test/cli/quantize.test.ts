import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { writeCamvid } from "../support/camvid.ts";
import { runCli, runJson, startCli } from "./run-cli.ts";

const output = z.object({
  out: z.string(),
  network: z.string(),
  bytes: z.number(),
  finished: z.literal(true),
  miouBefore: z.number(),
  miouAfter: z.number(),
  labelAgreement: z.number(),
});

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-quantize-"));
  path = join(folder, "small.int8.onnx");
  await writeCamvid(join(folder, "camvid"), (pixel, photo) => (pixel + photo) % 11);
});
afterEach(() => rm(folder, { recursive: true }));

const source = () => [
  "quantize",
  "camvid",
  "--data",
  join(folder, "camvid"),
  "--photos",
  "2",
  "--threads",
  "1",
];

describe("lightseg quantize", { timeout: 240_000 }, () => {
  it("writes a shipped model, measures both, and segments with it", async () => {
    const { code, json } = await runJson([...source(), "--out", path]);
    expect(code).toBe(0);
    const result = output.parse(json);
    expect(result.out).toBe(path);
    expect(result.bytes).toBeLessThan(4_500_000);
    expect(result.labelAgreement).toBeGreaterThan(0.8);
    expect(result.labelAgreement).toBeLessThanOrEqual(1);

    const results = ["--out", join(folder, "out")];
    const segmented = await runCli(["segment", "examples/camera.jpg", "--model", path, ...results]);
    expect(segmented.code).toBe(0);
    expect((await readdir(join(folder, "out"))).sort()).toEqual(["camera.labels.png", "camera.overlay.png"]);

    const evaluated = await runJson([
      ...["evaluate", "--model", path, "--dataset", "camvid", "--data", join(folder, "camvid")],
    ]);
    expect(z.object({ miou: z.number() }).parse(evaluated.json).miou).toBeCloseTo(result.miouAfter, 10);

    const exported = await runCli(["export", path, "--out", join(folder, "b.onnx")]);
    expect(exported.code).toBe(1);
    expect(exported.stderr).toContain("is quantized");
  });

  it("stops without a file", async () => {
    const { child, ended } = startCli([...source(), "--out", path]);
    child.stderr?.once("data", () => child.kill("SIGINT"));
    const { code, stdout } = await ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "stopped; nothing was written\n" });
    expect(await readdir(folder)).toEqual(["camvid"]);
  });

  it("reads one's own data set for a model whose classes no other has", async () => {
    const network = "refinenet-lw-mobile-96+mobilenet-v2";
    const weights = join(folder, "weights.safetensors");
    await writeSafetensors(
      weights,
      initialWeights(buildNetwork({ network, classes: 2 }).parameters, { seed: 1 }),
    );
    const { stderr } = await runCli(["quantize", network, "--weights", weights, "--data", folder]);
    expect(stderr).toContain(`${join(folder, "dataset.yaml")}: `);
  });

  it.each([
    [[], "--data DIR is required"],
    [["--data", "x", "--out", "a.txt"], "--out must be a file name that ends in .onnx"],
    [["--data", "x", "--method", "kl"], "--method must be one of minmax, percentile, mse"],
    [["--data", "x", "--photos", "0"], "--photos must be at least 1, got 0"],
  ])("quantize %j is typed wrongly", async (argv, message) => {
    const { code, stderr } = await runCli(["quantize", ...argv]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
