import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeOnnxWeights } from "../../src/weights/onnx.ts";
import { runCli, runJson } from "./run-cli.ts";

const output = z.object({
  out: z.string(),
  network: z.string(),
  classes: z.array(z.string()),
  bytes: z.number(),
  dtype: z.string(),
  opset: z.literal(17),
  outputs: z.array(z.string()),
  largestError: z.number().nullable(),
  labelAgreement: z.number().nullable(),
});

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-export-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("lightseg export", { timeout: 180_000 }, () => {
  it("writes the shipped model, and says how near it is", async () => {
    const path = join(folder, "a.onnx");
    const { code, json, stderr } = await runJson(["export", "--out", path, "--labels", "--scores"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = output.parse(json);
    expect(result.outputs).toEqual(["scores float32 [N, 21, h, w]", "labels uint8 [N, H, W]"]);
    expect(result.largestError).toBeLessThan(1e-5);
    expect(result.labelAgreement).toBe(1);
    const bytes = await readFile(path);
    expect(bytes.length).toBe(result.bytes);
    expect(decodeOnnxWeights(bytes, path).weights.get("segm.bias")?.shape).toEqual([21]);
    expect(await readdir(folder)).toEqual(["a.onnx"]);
  });

  it("writes half precision for one size, checked on a photo, for people", async () => {
    const path = join(folder, "b.onnx");
    const options = ["--dtype", "fp16", "--size", "48x64", "--upsample", "--photo", "examples/camera.jpg"];
    const { code, stdout } = await runCli(["export", "--out", path, ...options]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/size +6\.6 MB, fp16\n +opset +17\n/);
    expect(stdout).toMatch(/output +scores float32 \[1, 21, 48, 64\]\n +largest error +\d\.\de-\d/);
  });

  it("keeps no file that drifts, and leaves an older one alone", async () => {
    const path = join(folder, "a.onnx");
    await writeFile(path, "older");
    const strict = ["--dtype", "fp16", "--tolerance", "1e-9", "--json"];
    const { code, stderr } = await runCli(["export", "--out", path, ...strict]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /scores must be within 1e-9 of the source's, got ".*" \(the exported file was not kept\)/,
    );
    expect(await readFile(path, "utf8")).toBe("older");
    expect(await readdir(folder)).toEqual(["a.onnx"]);
  });

  it("leaves nothing where nothing but the very same would do", async () => {
    const path = join(folder, "a.onnx");
    const { code, stdout } = await runCli(["export", "--out", path, "--dtype", "fp16", "--tolerance", "0"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [[], 2, "--out FILE.onnx is required"],
    [["--out", "a.txt"], 2, "--out must be a file name that ends in .onnx"],
    [["--out", "a.onnx", "--scores"], 2, "--scores needs --labels"],
    [["--out", "a.onnx", "--dtype", "int4"], 2, "--dtype must be one of fp32, fp16"],
    [["nope", "--out", "a.onnx"], 1, "model must be a shipped model"],
    [["nope.safetensors", "--out", "a.onnx"], 1, "nope.safetensors: the file does not exist"],
    [["refinenet-lw-50", "--out", "a.onnx"], 2, "weights must be given"],
    [["--out", "/proc/nope/a.onnx"], 1, "cannot be written"],
    [["--out", "a.onnx", "--photo", "package.json"], 1, "package.json"],
  ])("export %j ends with %i", async (argv, code, message) => {
    const result = await runCli(["export", ...argv]);
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe("");
  });
});
