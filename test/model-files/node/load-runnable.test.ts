import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx } from "../../../src/export/onnx.ts";
import { decodePhoto } from "../../../src/images/node/decode.ts";
import { resizePhoto } from "../../../src/images/resample.ts";
import { Segmenter } from "../../../src/inference/node/node-segmenter.ts";
import type { DtypeChoice } from "../../../src/model-files/dtype.ts";
import { isQuantized } from "../../../src/model-files/model.ts";
import { loadRunnableModel } from "../../../src/model-files/node/load.ts";
import { readManifest } from "../../../src/model-files/node/shipped.ts";
import { randomModel } from "../../support/model.ts";

const chelsea = fileURLToPath(new URL("../../../examples/chelsea.jpg", import.meta.url));
const inInt8 = Object.entries(await readManifest()).flatMap(([name, entry]) =>
  entry.kind === "model" && entry.int8 ? [name] : [],
);

describe("loadRunnableModel", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-dtype-"));
    await writeFile(join(folder, "export.onnx"), exportOnnx(randomModel()));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each<[DtypeChoice, string]>([
    ["auto", "int8"],
    ["int8", "int8"],
    ["fp32", "fp32"],
    ["fp16", "fp16"],
  ])("takes %s as %s where a shipped model comes in int8", async (dtype, expected) => {
    const notes: string[] = [];
    const loaded = await loadRunnableModel({ model: "voc", dtype, onNote: (note) => notes.push(note) });
    expect(loaded.dtype).toBe(expected);
    expect(isQuantized(loaded.model)).toBe(expected === "int8");
    // What was not asked for in so many words is said.
    expect(notes.map((note) => /int8, .* fastest/.test(note))).toEqual(dtype === "auto" ? [true] : []);
  });

  it("takes auto as fp32 where there is nothing else, and refuses int8 there", async () => {
    const model = join(folder, "export.onnx");
    expect((await loadRunnableModel({ model })).dtype).toBe("fp32");
    await expect(loadRunnableModel({ model, dtype: "int8" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument: "dtype", hint: expect.stringContaining("lightseg quantize") },
    });
  });

  it.each(inInt8)("%s finds in int8 and in fp16 nearly what it finds in fp32", async (name) => {
    const photo = resizePhoto(await decodePhoto(chelsea), 240, 160);
    const labelsIn = async (dtype: DtypeChoice) => {
      await using segmenter = await Segmenter.load(name, { dtype, threads: 1 });
      expect(segmenter.dtype).toBe(dtype);
      return (await segmenter.segment(photo)).labels;
    };
    const exact = await labelsIn("fp32");
    const agreement = (labels: Uint8Array) =>
      labels.filter((label, pixel) => label === exact[pixel]).length / exact.length;
    // A cat is far from home for models of streets, which are less sure of it.
    expect(agreement(await labelsIn("int8"))).toBeGreaterThan(0.9);
    expect(agreement(await labelsIn("fp16"))).toBeGreaterThan(0.99);
  });
});
