import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildNetwork, parameterShapes } from "../../../src/models/network.ts";
import type { Weights } from "../../../src/models/weights.ts";
import { readWeights } from "../../../src/weights/node/read.ts";
import { weightsFormatOf, writeSafetensors, writeWeights } from "../../../src/weights/node/write.ts";
import { failureOf } from "../../support/errors.ts";
import { valuesByFormula } from "../../support/formula.ts";
import { expectSameBits, oddWeights } from "../../support/weights.ts";

const weights: Weights = new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]);
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-weights-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeSafetensors", () => {
  test("writes what readWeights reads, and nothing else", async () => {
    const path = join(folder, "a.safetensors");
    await writeSafetensors(path, weights, { metadata: { net: "x" } });
    expect(await readWeights(path)).toEqual({ weights, metadata: { net: "x" } });
    expect(await readdir(folder)).toEqual(["a.safetensors"]);
  });

  test("replaces an older file", async () => {
    const path = join(folder, "a.safetensors");
    await writeFile(path, "old");
    await writeSafetensors(path, weights);
    expect((await readWeights(path)).weights).toEqual(weights);
  });

  test("leaves the older file and no other if the tensors cannot be written", async () => {
    const path = join(folder, "a.safetensors");
    await writeFile(path, "old");
    const bad: Weights = new Map([["a", { shape: [3], data: new Float32Array(2) }]]);
    expect((await failureOf(writeSafetensors(path, bad))).code).toBe("INVALID_WEIGHTS");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.safetensors"]);
  });

  test("removes its temporary file if it cannot take the place", async () => {
    const path = join(folder, "taken");
    await mkdir(path);
    const error = await failureOf(writeSafetensors(path, weights));
    expect(error.code).toBe("OUTPUT");
    expect(await readdir(folder)).toEqual(["taken"]);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  test("says that the folder does not exist", async () => {
    const error = await failureOf(writeSafetensors(join(folder, "none", "a.safetensors"), weights));
    expect(error.code).toBe("OUTPUT");
    expect(error.message).toMatch(
      /^writeFile: .*a\.safetensors: the file cannot be written: its folder does not exist/,
    );
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "says that the folder is read-only (needs a user other than root)",
    async () => {
      await chmod(folder, 0o500);
      const error = await failureOf(writeSafetensors(join(folder, "a.safetensors"), weights));
      await chmod(folder, 0o700);
      expect(error.code).toBe("OUTPUT");
    },
  );
});

describe("writeWeights", () => {
  test.each([
    ["a.safetensors", "safetensors"],
    ["A.SafeTensors", "safetensors"],
    ["runs/1.0/a.pth", "PyTorch"],
    ["a.pt", "PyTorch"],
    ["a.PTH.tar", "PyTorch"],
  ])("%s is %s", (path, format) => {
    expect(weightsFormatOf(path)).toBe(format);
  });

  test.each(["a", "", "a.onnx", "a.tar", "pth", "a.pth/", "a.safetensors.index.json"])(
    "%j is no name for weights",
    async (path) => {
      const error = await failureOf(writeWeights(path, weights));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toMatch(/got ".*" \(\.safetensors, or \.pth, \.pt or \.pth\.tar for PyTorch\)$/);
    },
  );

  test.each(["a.safetensors", "a.pth", "a.pth.tar"])("%s holds every bit of odd values", async (name) => {
    await writeWeights(join(folder, name), oddWeights);
    const read = await readWeights(join(folder, name));
    expectSameBits(read.weights, oddWeights);
    expect(await readdir(folder)).toEqual([name]);
  });

  test("a network survives the way through both formats", async () => {
    const shapes = parameterShapes(buildNetwork({ network: "refinenet-lw-mobilenet-v2", classes: 21 }));
    const network = new Map(
      [...shapes].map(([name, shape]) => [name, { shape, data: valuesByFormula(name, shape) }]),
    );
    const [torch, safe] = [join(folder, "a.pth"), join(folder, "a.safetensors")];
    await writeWeights(torch, network);
    expect((await readFile(torch)).subarray(0, 4).toString("latin1")).toBe("PK\x03\x04");
    const fromTorch = (await readWeights(torch)).weights;
    expectSameBits(fromTorch, network);
    await writeWeights(safe, fromTorch);
    expectSameBits((await readWeights(safe)).weights, network);
  });

  test("keeps metadata in safetensors, and refuses it for PyTorch", async () => {
    const metadata = { net: "x" };
    await writeWeights(join(folder, "a.safetensors"), weights, { metadata, dtype: "BF16" });
    expect(await readWeights(join(folder, "a.safetensors"))).toEqual({ weights, metadata });
    const error = await failureOf(writeWeights(join(folder, "a.pth"), weights, { metadata }));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toMatch(/^writeWeights: metadata must be left out .*, got \["net"\]/);
    await writeWeights(join(folder, "a.pth"), weights, { metadata: {} });
  });

  test.each(["a.safetensors", "a.pth"])(
    "leaves an older %s if the new one cannot be written",
    async (name) => {
      await writeFile(join(folder, name), "old");
      const large: Weights = new Map([["a", { shape: [], data: Float32Array.of(1e5) }]]);
      const error = await failureOf(writeWeights(join(folder, name), large, { dtype: "F16" }));
      expect(error.code).toBe("INVALID_WEIGHTS");
      expect(await readFile(join(folder, name), "utf8")).toBe("old");
      expect(await readdir(folder)).toEqual([name]);
    },
  );
});
