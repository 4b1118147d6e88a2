import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ModelProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
} from "../../../src/graph/onnx/onnx_pb.ts";
import type { Weights } from "../../../src/models/weights.ts";
import { readWeights } from "../../../src/weights/node/read.ts";
import { writeWeights } from "../../../src/weights/node/write.ts";
import { encodeSafetensors } from "../../../src/weights/safetensors.ts";
import { failureOf } from "../../support/errors.ts";
import { expectSameBits } from "../../support/weights.ts";
import { checkpoint, float32, legacyCheckpoint } from "../checkpoint-writer.ts";

const weights: Weights = new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]);
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-weights-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("readWeights", () => {
  test("tells the formats apart by content, not by name", async () => {
    await writeFile(join(folder, "a.pth"), encodeSafetensors(weights, { metadata: { net: "x" } }));
    await writeFile(join(folder, "b.safetensors"), checkpoint({ a: { values: float32(1, 2), shape: [2] } }));
    expect(await readWeights(join(folder, "a.pth"))).toEqual({ weights, metadata: { net: "x" } });
    expect(await readWeights(join(folder, "b.safetensors"))).toEqual({ weights, metadata: {} });
  });

  test("says that there is no such file", async () => {
    const error = await failureOf(readWeights(join(folder, "none.pth")));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toMatch(/^readWeights: .*none\.pth: the file does not exist$/);
  });

  test("reads the old container as well", async () => {
    await writeFile(
      join(folder, "a.pth.tar"),
      legacyCheckpoint({ a: { values: float32(1, 2), shape: [2] } }),
    );
    expect(await readWeights(join(folder, "a.pth.tar"))).toEqual({ weights, metadata: {} });
  });

  test.each(["a.safetensors", "a.pth", "a.pth.tar"])("reads some tensors of %s", async (name) => {
    const two: Weights = new Map([...weights, ["b", { shape: [], data: Float32Array.of(3) }]]);
    await writeWeights(join(folder, name), two);
    expect((await readWeights(join(folder, name), { only: (tensor) => tensor === "a" })).weights).toEqual(
      weights,
    );
    expect((await readWeights(join(folder, name), { only: () => false })).weights.size).toBe(0);
  });

  test("reads an ONNX model", async () => {
    const tensor = (name: string, value: number) =>
      create(TensorProtoSchema, {
        name,
        dataType: TensorProto_DataType.FLOAT,
        dims: [1n],
        floatData: [value],
      });
    const graph = { name: "g", initializer: [tensor("a", 1), tensor("b", 2)] };
    const metadataProps = [{ key: "net", value: "x" }];
    const model = create(ModelProtoSchema, { irVersion: 8n, graph, metadataProps });
    await writeFile(join(folder, "a.pth"), toBinary(ModelProtoSchema, model));
    expect(await readWeights(join(folder, "a.pth"), { only: (name) => name === "b" })).toEqual({
      weights: new Map([["b", { shape: [1], data: Float32Array.of(2) }]]),
      metadata: { net: "x" },
    });
  });

  test("reads tensors of more elements than are converted at once", async () => {
    const data = Float32Array.from({ length: 150_001 }, (_, i) => i);
    const large: Weights = new Map([["a", { shape: [150_001], data }]]);
    await writeWeights(join(folder, "a.pth"), large);
    await writeWeights(join(folder, "a.safetensors"), large);
    expectSameBits((await readWeights(join(folder, "a.pth"))).weights, large);
    expectSameBits((await readWeights(join(folder, "a.safetensors"))).weights, large);
  });

  test.each([
    ["is empty", ""],
    ["is not a PyTorch checkpoint, a safetensors file or an ONNX model", "# Read me\n\nThis is text.\n"],
    ["is not a PyTorch checkpoint, a safetensors file or an ONNX model", "short"],
  ])("says that a file %s", async (rule, text) => {
    const path = join(folder, "a.pth");
    await writeFile(path, text);
    const error = await failureOf(readWeights(path));
    expect(error.code).toBe("INVALID_WEIGHTS");
    expect(error.message).toBe(`readWeights: ${path}: the file ${rule}`);
  });

  test.each<[string, string | Uint8Array]>([
    [
      "it is a pointer of Git LFS: git lfs pull fetches the file",
      "version https://git-lfs.github.com/spec/v1\n",
    ],
    ["it is a page of the web: the download failed", "<!DOCTYPE html><html>"],
    ["it is a photo", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)],
    ["a text editor has put a byte order mark before it", "\ufeff{}"],
    ["it begins with zeros: a download or a copy was cut off", new Uint8Array(100)],
  ])("knows what is taken for weights: %s", async (hint, content) => {
    const path = join(folder, "a.safetensors");
    await writeFile(path, content);
    const error = await failureOf(readWeights(path));
    expect(error.code).toBe("INVALID_WEIGHTS");
    expect(error.details.hint).toBe(hint);
  });

  test("says in plain words why a file cannot be read", async () => {
    await symlink("loop", join(folder, "loop"));
    await writeFile(join(folder, "file"), "");
    for (const [name, rule] of [
      ["loop", "cannot be read: it is a link that leads back to itself"],
      ["file/a.pth", "does not exist: a file is where its folder should be"],
      ["n".repeat(300), "cannot be read: its name is too long"],
    ] as const) {
      const error = await failureOf(readWeights(join(folder, name)));
      expect([error.code, error.details.rule]).toEqual(["NOT_FOUND", rule]);
    }
  });

  test("names the file that is cut off", async () => {
    const path = join(folder, "a.safetensors");
    await writeFile(path, encodeSafetensors(weights).subarray(0, -1));
    const error = await failureOf(readWeights(path));
    expect(error.message).toBe(
      `readWeights: ${path}: tensor "a" must end within the 7 bytes of data, got 8 ` +
        "(the file is cut off: copy or download it anew)",
    );
  });
});

describe("readWeights of several files", () => {
  const b: Weights = new Map([["b", { shape: [], data: Float32Array.of(3) }]]);
  const index = { metadata: { total_size: 12 }, weight_map: { b: "2.safetensors", a: "1.safetensors" } };
  const indexPath = () => join(folder, "model.safetensors.index.json");
  beforeEach(async () => {
    await writeWeights(join(folder, "1.safetensors"), weights);
    await writeWeights(join(folder, "2.safetensors"), b);
    await writeFile(indexPath(), JSON.stringify(index, null, 2));
  });

  test("takes them together, by the index or by its folder", async () => {
    const both = { weights: new Map([...b, ...weights]), metadata: {} };
    expect(await readWeights(indexPath())).toEqual(both);
    expect(await readWeights(folder)).toEqual(both);
    // The start of a safetensors file may look alike.
    await writeFile(indexPath(), `{"ab":   {},${JSON.stringify(index).slice(1)}`);
    expect(await readWeights(indexPath())).toEqual(both);
  });

  test("asks for each tensor once", async () => {
    const asked: string[] = [];
    await readWeights(folder, { only: (name) => asked.push(name) > 1 });
    expect(asked).toEqual(["b", "a"]);
  });

  test("opens no file of which nothing is wanted", async () => {
    await rm(join(folder, "2.safetensors"));
    expect((await readWeights(folder, { only: (name) => name === "a" })).weights).toEqual(weights);
    const error = await failureOf(readWeights(folder));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toMatch(/^readWeights: .*2\.safetensors: the file does not exist$/);
  });

  test("names the file in which a tensor is missing", async () => {
    await writeWeights(join(folder, "2.safetensors"), weights);
    const error = await failureOf(readWeights(folder));
    expect(error.code).toBe("INVALID_WEIGHTS");
    expect(error.message).toBe(
      `readWeights: ${join(folder, "2.safetensors")}: tensor "b" must be in this file, as the index says`,
    );
  });
});

describe("readWeights of a folder", () => {
  test("takes the one weight file in it", async () => {
    await writeWeights(join(folder, "a.pth"), weights);
    await writeFile(join(folder, "README.md"), "");
    expect((await readWeights(folder)).weights).toEqual(weights);
  });

  test.each<[string[], RegExp]>([
    [[], /got \[\]$/],
    [["notes.txt"], /got \[\]$/],
    [["a.pth", "b.safetensors"], /got \["a.pth", "b.safetensors"\]$/],
    [["a.pth", "a.safetensors.index.json", "b.safetensors.index.json"], /got \["a.saf.*", "b.saf.*"\]$/],
  ])("refuses one with %j", async (names, message) => {
    for (const name of names) await writeFile(join(folder, name), "");
    const error = await failureOf(readWeights(folder));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toMatch(/^readWeights: .*: the folder must hold one weight file, got/);
    expect(error.message).toMatch(message);
  });

  test("does not go into folders, and opens nothing but files", async () => {
    await mkdir(join(folder, "a.pth"));
    const error = await failureOf(readWeights(folder));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toMatch(/a\.pth: weights must be a file$/);
  });
});
