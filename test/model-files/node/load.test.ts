import { openAsBlob } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeModel } from "../../../src/model-files/description.ts";
import { loadModel } from "../../../src/model-files/node/load.ts";
import { shippedFolder } from "../../../src/model-files/node/shipped.ts";
import type { Weights, WeightTensor } from "../../../src/models/weights.ts";
import { writeSafetensors } from "../../../src/weights/node/write.ts";
import { encodeSafetensors } from "../../../src/weights/safetensors.ts";
import { failureOf } from "../../support/errors.ts";
import { randomModel } from "../../support/model.ts";
import { expectSameBits } from "../../support/weights.ts";
import { trainingCheckpoint } from "../../weights/checkpoint-writer.ts";

const network = "refinenet-lw-mobilenet-v2";
const model = randomModel();
const shapeOf = (name: string) => model.weights.get(name)?.shape ?? [];

function bias(at: number, value: number): WeightTensor {
  const data = Float32Array.from(model.weights.get("segm.bias")?.data ?? []);
  data[at] = value;
  return { shape: [data.length], data };
}

describe("loadModel", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-model-"));
    await writeSafetensors(file("model.safetensors"), model.weights, { metadata: describeModel(model) });
    await writeSafetensors(file("plain.safetensors"), model.weights);
    const partial = new Map([...model.weights].filter(([name]) => name.startsWith("layer")));
    await writeSafetensors(file("encoder.safetensors"), partial);
    await writeFile(file("text.safetensors"), "not a model");
    await writeSafetensors(file("damaged.safetensors"), model.weights, {
      metadata: { lightseg: '{"network":7}' },
    });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("reads a model file with its classes", async () => {
    const loaded = await loadModel({ model: file("model.safetensors") });
    expect(loaded.classes).toEqual(model.classes);
    expect(loaded.palette).toEqual(model.palette);
    expect(loaded.weights.get("segm.bias")).toEqual(model.weights.get("segm.bias"));
  });

  it("tells a link to nothing, and a link to itself, from an unknown name", async () => {
    await symlink(file("gone.safetensors"), file("link"));
    await symlink("round", file("round"));
    expect((await failureOf(loadModel({ model: file("link") }))).message).toBe(
      `readWeights: ${file("link")}: the file does not exist: it is a link to ${file("gone.safetensors")}, where there is nothing`,
    );
    expect((await failureOf(loadModel({ model: file("round") }))).message).toMatch(/leads back to itself/);
  });

  it.each(["none.safetensors", "runs/none", "net.ckpt"])(
    "says of %s that it does not exist",
    async (name) => {
      const error = await failureOf(loadModel({ model: name }));
      expect(error.code).toBe("NOT_FOUND");
      expect(error.message).toBe(`readWeights: ${name}: the file does not exist`);
    },
  );

  it("takes a file URL and a Blob", async () => {
    const path = file("model.safetensors");
    const blob = await openAsBlob(path);
    for (const source of [pathToFileURL(path), blob])
      expect((await loadModel({ model: source })).classes).toEqual(model.classes);
  });

  it.each<[string, unknown, string]>([
    ["a number", 5, "5"],
    ["null", null, "null"],
    ["bytes", Uint8Array.of(1), "Uint8Array"],
    ["an address of the web", "https://example.com/net.onnx", '"https://example.com/net.onnx"'],
    ["a URL of the web", new URL("https://example.com/net.onnx"), '"https://example.com/net.onnx"'],
    ["a file URL with a host", "file://host/net.onnx", '"file://host/net.onnx"'],
  ])("refuses %s", async (_, source, shown) => {
    const error = await failureOf(Reflect.apply(loadModel, undefined, [{ model: source }]));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toBe(
      `loadModel: model must be a path or a file URL, got ${shown} (or the name of a shipped model or a ` +
        "network, or a Blob: await (await fetch(address)).blob())",
    );
  });

  describe("of a run's folder", () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const run = () => file("run");
    beforeAll(async () => {
      await mkdir(run());
      await writeFile(join(run(), "config.json"), "{}");
      await writeFile(join(run(), "origin.json"), "{}");
    });

    it("says that there are no weights yet", async () => {
      const error = await failureOf(loadModel({ model: run() }));
      expect(error.code).toBe("NOT_FOUND");
      expect(error.message).toBe(
        `readWeights: ${run()}: the folder must hold one weight file, got [] (this training run has none ` +
          "yet: best.safetensors comes with its first validation)",
      );
    });

    it("takes the last weights before the first validation, and says so", async () => {
      await copyFile(file("model.safetensors"), join(run(), "last.safetensors"));
      expect((await loadModel({ model: run(), onNote })).classes).toEqual(model.classes);
      expect(notes).toEqual([`of the folder ${run()}, last.safetensors is taken`]);
    });

    it("takes the best weights of several", async () => {
      await writeSafetensors(
        join(run(), "best.safetensors"),
        new Map([...model.weights, ["segm.bias", bias(3, 7)]]),
        { metadata: describeModel(model) },
      );
      const loaded = await loadModel({ model: run(), onNote });
      expect(loaded.weights.get("segm.bias")?.data[3]).toBe(7);
      expect(notes.at(-1)).toBe(`of the folder ${run()}, best.safetensors is taken`);
    });
  });

  it("reads a network with plain weights and finds out how many classes they are for", async () => {
    const loaded = await loadModel({ model: network, weights: file("plain.safetensors") });
    expect(loaded.classes).toEqual(Array.from({ length: 11 }, (_, label) => `class ${label}`));
  });

  it("takes the class names of weights that describe themselves", async () => {
    const loaded = await loadModel({ model: network, weights: file("model.safetensors"), classes: 11 });
    expect(loaded.classes).toEqual(model.classes);
  });

  it("takes off what training scripts put before names, in files of both kinds", async () => {
    const { weights } = model;
    const prefixed = (prefix: string) =>
      new Map([...weights].map(([name, tensor]) => [prefix + name, tensor] as const));
    const zeros: Weights = new Map(
      [...weights].map(([name, { shape, data }]) => [name, { shape, data: new Float32Array(data.length) }]),
    );
    const parts: Weights = new Map(
      [...weights].map(([name, tensor]) => [
        `net.${name.startsWith("layer") ? "backbone._orig_mod." : "head."}${name}`,
        tensor,
      ]),
    );
    await writeFile(file("lightning.ckpt"), trainingCheckpoint({ state_dict: prefixed("model._orig_mod.") }));
    await writeFile(
      file("timm.pth.tar"),
      trainingCheckpoint({ state_dict_ema: zeros, "model_state_dict.module": prefixed("net.") }),
    );
    await writeFile(file("ema.pth"), trainingCheckpoint({ "ema.module": weights }));
    await writeSafetensors(file("parts.safetensors"), parts);
    for (const name of ["lightning.ckpt", "timm.pth.tar", "ema.pth", "parts.safetensors"]) {
      const notes: string[] = [];
      const loaded = await loadModel({
        model: network,
        weights: file(name),
        onNote: (note) => notes.push(note),
      });
      expectSameBits(loaded.weights, weights);
      expect(notes.join("\n")).toContain("names are read without");
    }
  });

  it.each<[string, string, (name: string) => WeightTensor, string]>([
    ["NaN", "segm.bias", () => bias(3, Number.NaN), "must hold finite numbers, got NaN"],
    [
      "a negative variance",
      "layer1.1.running_var",
      (name) => ({ shape: shapeOf(name), data: Float32Array.from({ length: 32 }, () => -1) }),
      "must hold finite numbers of at least 0, got -1",
    ],
  ])("refuses weights with %s, which would label every pixel alike", async (_, name, change, message) => {
    const changed = new Map([...model.weights, [name, change(name)]]);
    await writeSafetensors(file("diverged.safetensors"), changed, { metadata: describeModel(model) });
    const error = await failureOf(loadModel({ model: file("diverged.safetensors") }));
    expect(error).toMatchObject({ code: "INVALID_WEIGHTS" });
    expect(error.message).toContain(`diverged.safetensors: ${name} ${message}`);
  });

  it("refuses weights that are stored as integers", async () => {
    const bytes = encodeSafetensors(model.weights);
    const size = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + Number(size))));
    header["segm.bias"].dtype = "I32";
    const text = new TextEncoder().encode(JSON.stringify(header).padEnd(Number(size)));
    bytes.set(text, 8);
    await writeFile(file("integers.safetensors"), bytes);
    const error = await failureOf(loadModel({ model: network, weights: file("integers.safetensors") }));
    expect(error.message).toContain("segm.bias must hold floating-point numbers, not integers");
  });

  it("says that weights of a model in int8 are none", async () => {
    const int8 = join(shippedFolder(), "camvid.int8.onnx");
    const error = await failureOf(loadModel({ model: network, weights: int8 }));
    expect(error.message).toContain(`${int8}: the model is quantized`);
  });

  it("says of an encoder alone that it lacks the rest", async () => {
    const error = await failureOf(loadModel({ model: network, weights: "imagenet" }));
    expect(error.message).toContain("must hold the classifier");
    expect(error.message).toContain("260 of 287 parameters are there: training can begin with them");
  });

  it("shows names beside expected ones where not one fits", async () => {
    const other = new Map([["stem.kernel", { shape: [2], data: new Float32Array(2) }]]);
    await writeSafetensors(file("other.safetensors"), other);
    const error = await failureOf(loadModel({ model: network, weights: file("other.safetensors") }));
    expect(error.message).toBe(
      `loadModel: ${file("other.safetensors")}: weights must hold parameters of ${network} (it holds "stem.kernel" ` +
        'where "layer1.0.weight", "layer1.1.weight", "layer1.1.bias" are expected; ' +
        "lightseg convert --rename FROM=TO changes names)",
    );
    const asked = loadModel({ model: network, weights: file("other.safetensors"), classes: 11 });
    expect((await failureOf(asked)).message).toContain('it holds "stem.kernel" where "layer1.0.weight"');
  });

  it.each([
    ["an unknown name", { model: "nonesuch" }, "NOT_FOUND", /nonesuch.*refinenet-lw-mobilenet-v2/],
    ["a network without weights", { model: network }, "INVALID_ARGUMENT", /weights must be given/],
    [
      "a wrong number of classes",
      { model: network, weights: "plain.safetensors", classes: 21 },
      "INVALID_WEIGHTS",
      /for 11 classes/,
    ],
    [
      "a model file of other classes",
      { model: "model.safetensors", classes: 21 },
      "INVALID_WEIGHTS",
      /must be 11/,
    ],
    [
      "weights without a decoder",
      { model: network, weights: "encoder.safetensors", classes: 11 },
      "INVALID_WEIGHTS",
      /conv8\.weight/,
    ],
    [
      "weights whose classes cannot be told",
      { model: network, weights: "encoder.safetensors" },
      "INVALID_WEIGHTS",
      /classifier/,
    ],
    [
      "plain weights as a model",
      { model: "plain.safetensors" },
      "INVALID_WEIGHTS",
      /name the network, and give this file as its weights/,
    ],
    ["a text file", { model: "text.safetensors" }, "INVALID_WEIGHTS", /safetensors/],
    ["a damaged description", { model: "damaged.safetensors" }, "INVALID_WEIGHTS", /model description/],
  ])(
    "refuses %s",
    async (_, {
      model: name,
      weights,
      classes,
    }: { model: string; weights?: string; classes?: number }, code, message) => {
      const options = {
        model: name.endsWith(".safetensors") ? file(name) : name,
        ...(weights !== undefined && { weights: file(weights) }),
        ...(classes !== undefined && { classes }),
      };
      const error: unknown = await loadModel(options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "LightsegError", code });
      expect(String(error)).toMatch(message);
    },
  );
});
