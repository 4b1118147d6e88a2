import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildNetwork } from "../../src/models/network.ts";
import type { Weights } from "../../src/models/weights.ts";
import { defaultWeights, startingWeights } from "../../src/trainer/starting-weights.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { valuesByFormula } from "../support/formula.ts";

const network = buildNetwork({ network: "refinenet-lw+resnet-18", classes: 3 });
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-initial-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with the parameters of these names, and what a classifier of ImageNet has besides. */
async function write(
  name: string,
  includes: (parameter: string) => boolean,
  scale?: number,
): Promise<string> {
  const weights: Weights = new Map([["fc.bias", { shape: [4], data: new Float32Array(4) }]]);
  for (const [parameter, { shape: symbolic }] of network.parameters) {
    const shape = symbolic.map(Number);
    const data = valuesByFormula(parameter, shape).map((value) => value * (scale ?? 1));
    if (includes(parameter)) weights.set(parameter, { shape, data });
  }
  const path = join(folder, `${name}.safetensors`);
  await writeSafetensors(path, weights);
  return path;
}

describe("startingWeights", () => {
  const options = { allowRandomEncoder: false, seed: 1 };

  it("takes ImageNet's encoder, leaves its classifier out and begins the decoder at random", async () => {
    const file = await write("encoder", (name) => network.encoder.has(name));
    const { weights, note } = await startingWeights(network, { ...options, weights: file });
    expect([...weights.keys()]).toEqual([...network.parameters.keys()]);
    expect(weights.get("bn1.weight")?.data).toEqual(valuesByFormula("bn1.weight", [64]));
    expect(weights.get("clf_conv.bias")?.data.some((value) => value !== 0)).toBe(true);
    expect(note).toContain("fc.bias");
    expect(note).toContain("missing");
  });

  it("refuses weights that leave part of the encoder random, unless told so", async () => {
    const file = await write("most", (name) => network.encoder.has(name) && name !== "layer3.1.conv2.weight");
    const refusal = startingWeights(network, { ...options, weights: file });
    await expect(refusal).rejects.toThrow(
      /1 of its 100 parameters.*layer3\.1\.conv2\.weight.*--allow-random-encoder/,
    );
    const { weights } = await startingWeights(network, {
      ...options,
      weights: file,
      allowRandomEncoder: true,
    });
    expect(weights.get("layer3.1.conv2.weight")?.shape).toEqual([256, 256, 3, 3]);
  });

  it("refuses weights that are not finite", async () => {
    const file = await write("diverged", (name) => network.encoder.has(name), Number.NaN);
    await expect(startingWeights(network, { ...options, weights: file })).rejects.toThrow(
      /train: .*diverged.* must hold finite numbers, got NaN/,
    );
  });

  it("refuses weights of which nothing fits, also when told so", async () => {
    const file = await write("nothing", () => false);
    const refusal = startingWeights(network, { ...options, weights: file, allowRandomEncoder: true });
    await expect(refusal).rejects.toThrow(
      /must hold parameters of the network \(it holds "fc.bias" where "conv1.weight"/,
    );
  });

  it("takes a shipped model by name, and leaves out and says so where its head has other classes", async () => {
    const mobile = (classes: number) => buildNetwork({ network: "refinenet-lw-mobilenet-v2", classes });
    const same = await startingWeights(mobile(21), { ...options, weights: "voc" });
    expect(same.note).toBe("voc: 287 of 287 parameters found");
    const { weights, note } = await startingWeights(mobile(3), { ...options, weights: "voc" });
    expect(note).toBe("voc: all but the head, which is for 21 classes, not 3, and begins at random");
    expect(weights.get("segm.weight")?.shape).toEqual([3, 256, 3, 3]);
    expect(weights.get("layer1.0.weight")).toEqual(same.weights.get("layer1.0.weight"));
  });

  it("says what a model was trained on before", async () => {
    const camvid = buildNetwork({ network: "refinenet-lw-mobilenet-v2", classes: 11 });
    const { trainedOn } = await startingWeights(camvid, { ...options, weights: "camvid" });
    expect(trainedOn).toEqual([{ dataset: "camvid", split: "trainval" }]);
    const fresh = await startingWeights(camvid, { ...options, weights: "imagenet" });
    expect(fresh.trainedOn).toEqual([]);
  });

  it("takes ImageNet's encoder by name, and by default where the network has it", async () => {
    const mobile = buildNetwork({ network: "refinenet-lw-mobile-96+mobilenet-v2", classes: 2 });
    const { note } = await startingWeights(mobile, { ...options, weights: "imagenet" });
    expect(note).toBe("imagenet: the encoder; the decoder begins at random");
    await expect(startingWeights(network, { ...options, weights: "imagenet" })).rejects.toThrow(
      /mobilenet-v2-imagenet.safetensors: weights must hold/,
    );
    expect(await defaultWeights("refinenet-lw-mobile-96+mobilenet-v2")).toBe("imagenet");
    expect(await defaultWeights("refinenet-lw+resnet-18")).toBe("none");
    await expect(defaultWeights("nonesuch")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("begins at random without weights, the same for a seed", async () => {
    const values = async (seed: number) => {
      const { weights } = await startingWeights(network, { ...options, seed, weights: "none" });
      return weights.get("conv1.weight")?.data.slice(0, 5);
    };
    expect(await values(1)).toEqual(await values(1));
    expect(await values(1)).not.toEqual(await values(2));
  });
});
