import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { convert } from "../../src/cli/convert.ts";
import { describeModel } from "../../src/model-files/description.ts";
import type { Weights } from "../../src/models/weights.ts";
import { readWeights } from "../../src/weights/node/read.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { encodePytorch } from "../../src/weights/torch-write.ts";
import { randomModel } from "../support/model.ts";
import { expectSameBits, oddWeights } from "../support/weights.ts";
import { trainingCheckpoint } from "../weights/checkpoint-writer.ts";
import { runCli, runJson } from "./run-cli.ts";

const some: Weights = new Map([
  ["a", { shape: [3], data: Float32Array.of(0.5, 0.1, Infinity) }],
  ["b", { shape: [], data: Float32Array.of(1000.3) }],
]);

let folder = "";
const file = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-convert-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the verb in this process; names stand for files in the folder. */
async function run(from: string, to: string, ...options: string[]) {
  const lines: string[] = [];
  const args = parseArguments(convert, [file(from), file(to), ...options]);
  const { json } = await convert.run(args, (line) => lines.push(line));
  return { json, text: lines.join("\n") };
}

describe("lightseg convert", { timeout: 180_000 }, () => {
  it("goes from PyTorch to safetensors, back and again to safetensors without changing a bit", async () => {
    const bytes = encodePytorch(oddWeights);
    await writeFile(file("a.pth"), bytes);
    const first = await runJson(["convert", file("a.pth"), file("b.safetensors")]);
    const second = await runCli(["convert", file("b.safetensors"), file("c.pth")]);
    const third = await runCli(["convert", file("c.pth"), file("d.safetensors")]);

    expect(Buffer.from(bytes).equals(await readFile(file("c.pth")))).toBe(true);
    expect((await readFile(file("b.safetensors"))).equals(await readFile(file("d.safetensors")))).toBe(true);
    expectSameBits((await readWeights(file("d.safetensors"))).weights, oddWeights);
    for (const { code, stderr } of [first, second, third])
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(first.json).toEqual({
      from: file("a.pth"),
      to: file("b.safetensors"),
      format: "safetensors",
      dtype: "fp32",
      tensors: 10,
      tensorsLeftOut: 0,
      values: 19,
      bytes: { before: bytes.length, after: (await stat(file("b.safetensors"))).size },
      rounding: null,
      metadataLeftOut: [],
      integers: [],
    });
    expect(second.stdout).toMatch(/^.*c\.pth\n {2}format +PyTorch, fp32\n {2}tensors +10\n {2}values +19\n/);
    expect(second.stdout).not.toContain("rounding");
  });

  it("writes the mean of two files", async () => {
    const other: Weights = new Map([
      ["a", { shape: [3], data: Float32Array.of(1.5, 0.1, 0) }],
      ["b", { shape: [], data: Float32Array.of(0.7) }],
    ]);
    await writeFile(file("a.pth"), encodePytorch(some));
    await writeFile(file("b.pth"), encodePytorch(other));
    await run("a.pth", "mean.safetensors", "--average", file("b.pth"));
    const { weights } = await readWeights(file("mean.safetensors"));
    expect(weights.get("a")?.data).toEqual(Float32Array.of(1, 0.1, Infinity));
    expect(weights.get("b")?.data).toEqual(Float32Array.of(500.5));
    await writeFile(file("c.pth"), encodePytorch(new Map([...other].slice(0, 1))));
    await expect(run("a.pth", "none.safetensors", "--average", file("c.pth"))).rejects.toThrow(
      'tensor "b" must be in both files',
    );
    expect(await readdir(folder)).not.toContain("none.safetensors");
  });

  it("takes moving averages out of a checkpoint of a run, and what has none as it is", async () => {
    const tensor = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
    const names = ["conv", "average:conv", "velocity:conv", "bn.running_mean"];
    const state: Weights = new Map(names.map((name, index) => [name, tensor(index)]));
    await writeFile(file("last.safetensors"), encodeSafetensors(state));
    await run("last.safetensors", "ema.safetensors", "--ema");
    const { weights } = await readWeights(file("ema.safetensors"));
    expect([...weights].map(([name, { data }]) => [name, data[0]]).sort()).toEqual([
      ["bn.running_mean", 3],
      ["conv", 1],
    ]);
    await expect(run("ema.safetensors", "none.safetensors", "--ema")).rejects.toThrow(
      "must hold moving averages of weights",
    );
  });

  it("ends with 1 for files that it cannot use, with 2 for what is typed wrongly, in one line each", async () => {
    await writeFile(file("a.pth"), encodePytorch(some).subarray(0, -30));
    const [missing, cut, extension] = await Promise.all([
      runCli(["convert", file("none.pth"), file("b.pth")]),
      runCli(["convert", file("a.pth"), file("b.pth")]),
      runCli(["convert", file("a.pth"), file("b.bin")]),
    ]);
    for (const { stdout, stderr } of [missing, cut, extension]) {
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stdout).toBe("");
    }
    expect([missing.code, cut.code, extension.code]).toEqual([1, 1, 2]);
    expect(missing.stderr).toMatch(/^lightseg convert: .*none\.pth: the file does not exist/);
    expect(cut.stderr).toMatch(/^lightseg convert: .*a\.pth: the zip archive is cut off/);
    expect(extension.stderr).toMatch(/^lightseg convert: path must end in .*b\.bin" \(\.safetensors, or/);
    expect(await readdir(folder)).toEqual(["a.pth"]);
  });

  it("narrows, and says by how much values change", async () => {
    await writeFile(file("a.safetensors"), encodeSafetensors(some));
    const fp16 = await run("a.safetensors", "b.pth", "--dtype", "fp16");
    // Between 512 and 1024, float16 has steps of 0.5 and bfloat16 of 4.
    expect(fp16.json).toMatchObject({ dtype: "fp16", rounding: { tensor: "b" } });
    expect(fp16.text).toContain(`\n  largest rounding error 0.200, in "b"`);
    expect([...((await readWeights(file("b.pth"))).weights.get("b")?.data ?? [])]).toEqual([1000.5]);
    const bf16 = await run("a.safetensors", "b.safetensors", "--dtype", "bf16");
    expect(bf16.text).toContain(`\n  largest rounding error 0.300, in "b"`);
    const again = await run("b.safetensors", "c.safetensors", "--dtype", "bf16");
    expect(again.json).toMatchObject({ rounding: null });
  });

  it("keeps metadata in safetensors, and says so where it is lost", async () => {
    await writeFile(file("a.safetensors"), encodeSafetensors(some, { metadata: { net: "x", by: "y" } }));
    const kept = await run("a.safetensors", "b.safetensors");
    expect((await readWeights(file("b.safetensors"))).metadata).toEqual({ net: "x", by: "y" });
    expect(kept.json).toMatchObject({ metadataLeftOut: [] });
    const lost = await run("a.safetensors", "c.pth");
    expect(lost.json).toMatchObject({ metadataLeftOut: ["net", "by"] });
    expect(lost.text).toContain(`\n  text left out, which a PyTorch checkpoint cannot hold: ["net","by"]`);
  });

  it("keeps the parameters of a network alone, and only if all are there", async () => {
    const { weights, ...description } = randomModel();
    const more = new Map([...weights, ["optimizer", { shape: [], data: new Float32Array(1) }]] as const);
    const metadata = describeModel(description);
    await writeFile(file("a.safetensors"), encodeSafetensors(more, { metadata }));
    const options = ["--model", description.network, "--classes", "11"];
    const { json, text } = await run("a.safetensors", "b.safetensors", ...options);
    expect(json).toMatchObject({ tensors: weights.size, tensorsLeftOut: 1 });
    expect(text).toContain("\n    left out ");
    const written = await readWeights(file("b.safetensors"));
    expectSameBits(written.weights, weights);
    expect(written.metadata).toEqual(metadata);

    await run("a.safetensors", "low.safetensors", "--low-confidence", "0.5");
    const low = await readWeights(file("low.safetensors"), { only: () => false });
    expect(low.metadata).toEqual(describeModel({ ...description, lowConfidence: 0.5 }));

    more.delete("segm.bias");
    await writeFile(file("a.safetensors"), encodeSafetensors(more));
    await expect(run("a.safetensors", "c.safetensors", ...options)).rejects.toMatchObject({
      code: "INVALID_WEIGHTS",
      message: expect.stringContaining("1 missing: segm.bias"),
    });
    expect(await readdir(folder)).toEqual(["a.safetensors", "b.safetensors", "low.safetensors"]);
  });

  it("leaves wrappers out of names, and says so", async () => {
    const wrapped = (prefix: string) => new Map([...some].map(([name, tensor]) => [prefix + name, tensor]));
    await writeFile(file("a.pth"), trainingCheckpoint({ "ema.module": wrapped("_orig_mod.") }));
    await writeFile(file("b.safetensors"), encodeSafetensors(wrapped("model.net.")));
    for (const [name, prefix] of [
      ["a.pth", "ema.module._orig_mod."],
      ["b.safetensors", "model.net."],
    ] as const) {
      const { text } = await run(name, `${name}.safetensors`);
      expect(text).toContain(`\n  names are read without "${prefix}"`);
      expectSameBits((await readWeights(file(`${name}.safetensors`))).weights, some);
    }
  });

  it("renames parts of names, with a network before it looks for its parameters", async () => {
    const { weights, network } = randomModel();
    const stored = [...some].map(([name, tensor]) => [`model.head.${name}`, tensor] as const);
    await writeFile(file("a.safetensors"), encodeSafetensors(new Map(stored)));
    await run("a.safetensors", "b.safetensors", "--rename", "head=", "--rename", "a=c.d");
    expect([...(await readWeights(file("b.safetensors"))).weights.keys()]).toEqual(["c.d", "b"]);

    const named = [...weights].map(
      ([name, tensor]) => [`net.${name.replace(/^layer1\./, "stem.")}`, tensor] as const,
    );
    await writeFile(file("c.safetensors"), encodeSafetensors(new Map(named)));
    const options = ["--model", network, "--classes", "11"];
    await expect(run("c.safetensors", "d.safetensors", ...options)).rejects.toThrow(/missing: layer1/);
    await run("c.safetensors", "d.safetensors", ...options, "--rename", "stem=layer1");
    expectSameBits((await readWeights(file("d.safetensors"))).weights, weights);

    await expect(run("a.safetensors", "e.safetensors", "--rename", "neck=crp")).rejects.toThrow(
      /a\.safetensors: a name of a tensor must contain "neck" .*got \["head\.a", "head\.b"\]/,
    );
  });

  it("replaces a file only with --force", async () => {
    await writeFile(file("a.pth"), encodePytorch(some));
    await writeFile(file("b.pth"), "old");
    await expect(run("a.pth", "b.pth")).rejects.toMatchObject({
      code: "OUTPUT",
      message: expect.stringMatching(/b\.pth: a file is there already \(give --force to replace it\)/),
    });
    expect(await readFile(file("b.pth"), "utf8")).toBe("old");
    await run("a.pth", "b.pth", "--force");
    expectSameBits((await readWeights(file("b.pth"))).weights, some);
  });

  it("never replaces the file that it reads, by whatever path", async () => {
    await writeFile(file("a.pth"), encodePytorch(some));
    await symlink(file("a.pth"), file("link.pth"));
    for (const [from, to] of [
      ["a.pth", "a.pth"],
      ["a.pth", "link.pth"],
      ["link.pth", join("..", basename(folder), "a.pth")],
    ] as const) {
      await expect(run(from, to, "--force")).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("is the file to convert"),
      });
    }
  });

  it("does not take a folder for B", async () => {
    await writeFile(file("a.pth"), encodePytorch(some));
    await mkdir(file("b.pth"));
    for (const more of [[], ["--force"]])
      await expect(run("a.pth", "b.pth", ...more)).rejects.toMatchObject({
        code: "OUTPUT",
        message: expect.stringContaining("b.pth: this is a folder (name a file in it: "),
      });
    expect((await readdir(folder)).sort()).toEqual(["a.pth", "b.pth"]);
  });

  it("says which tensors of whole numbers it writes as floating-point ones", async () => {
    const header = JSON.stringify({
      w: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
      "q.weight": { dtype: "I8", shape: [2], data_offsets: [4, 6] },
    });
    const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
    await writeFile(file("a.safetensors"), [length, header, Uint8Array.of(0, 0, 128, 63, 7, 249)]);
    const { text, json } = await run("a.safetensors", "b.pth");
    expect(text).toContain('\n  whole numbers, stored as fp32: 1 of the tensors, "q.weight"');
    expect(json).toMatchObject({ integers: ["q.weight"] });
    expect((await readWeights(file("b.pth"))).weights.get("q.weight")?.data).toEqual(Float32Array.of(7, -7));
  });

  it("says that a quantized model has no weights to convert", async () => {
    await cp("models/camvid.int8.onnx", file("a.onnx"));
    await expect(run("a.onnx", "b.pth")).rejects.toMatchObject({
      code: "INVALID_WEIGHTS",
      message: expect.stringContaining("take the model that it was made from"),
    });
  });

  it.each([
    ["empty", "", "INVALID_WEIGHTS"],
    ["a text", "# Weights\n\nThese are none.\n", "INVALID_WEIGHTS"],
    ["without tensors", encodeSafetensors(new Map()), "INVALID_WEIGHTS"],
    ["cut off", encodeSafetensors(some).subarray(0, -1), "INVALID_WEIGHTS"],
  ])("refuses a file that is %s", async (_, content, code) => {
    await writeFile(file("a.pth"), content);
    await expect(run("a.pth", "b.safetensors")).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual(["a.pth"]);
  });

  it.each([
    ["--classes 21", "--classes needs --model"],
    ["--model refinenet-lw-50", "--classes N is required"],
    ["--model unet --classes 21", "--model must be a network that lightseg info lists"],
    ["--ema --model refinenet-lw-50 --classes 21", "--ema goes without --model"],
    ["--rename stem", "--rename must be FROM=TO"],
    ["--rename =stem", "--rename must be FROM=TO"],
    ["--rename a..b=stem", "--rename must be FROM=TO"],
    ["--dtype int8", "--dtype must be one of fp32, fp16, bf16"],
  ])("%s is wrong usage", async (options, message) => {
    await expect(run("a.pth", "b.pth", ...options.split(" "))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });
});
