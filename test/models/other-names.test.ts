/** Names and shapes as the public definitions have them, written down from those definitions. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readParameters } from "../../src/model-files/node/shipped.ts";
import { expectedNames, networkParameters } from "../../src/model-files/parameters.ts";
import { mobilenetV2Names } from "../../src/models/backbones/mobilenet-v2-names.ts";
import { vanNames } from "../../src/models/backbones/van-names.ts";
import { buildNetwork, parameterShapes } from "../../src/models/network.ts";
import type { Weights } from "../../src/models/weights.ts";
import { writeWeights } from "../../src/weights/node/write.ts";

type Shapes = [name: string, shape: number[]][];

const conv = (name: string, out: number, into: number, kernel = 1): Shapes => [
  [`${name}.weight`, [out, into, kernel, kernel]],
];
const norm = (name: string, channels: number): Shapes =>
  ["weight", "bias", "running_mean", "running_var"].map((part) => [`${name}.${part}`, [channels]]);

/** Expansion, channels, blocks (Sandler et al. 2018, Table 2). */
const stages = [
  [1, 16, 1],
  [6, 24, 2],
  [6, 32, 3],
  [6, 64, 4],
  [6, 96, 3],
  [6, 160, 3],
  [6, 320, 1],
] as const;

function torchvision(): Shapes {
  const shapes = [...conv("features.0.0", 32, 3, 3), ...norm("features.0.1", 32)];
  let number = 1;
  let channels = 32;
  for (const [expansion, width, count] of stages)
    for (let block = 0; block < count; block++, number++) {
      const at = `features.${number}.conv`;
      const inside = expansion * channels;
      const depthwise = expansion === 1 ? 0 : 1;
      if (expansion > 1) shapes.push(...conv(`${at}.0.0`, inside, channels), ...norm(`${at}.0.1`, inside));
      shapes.push(...conv(`${at}.${depthwise}.0`, inside, 1, 3), ...norm(`${at}.${depthwise}.1`, inside));
      shapes.push(...conv(`${at}.${depthwise + 1}`, width, inside), ...norm(`${at}.${depthwise + 2}`, width));
      channels = width;
    }
  return [...shapes, ...conv("features.18.0", 1280, 320), ["classifier.1.weight", [1000, 1280]]];
}

function timm(): Shapes {
  const shapes = [...conv("conv_stem", 32, 3, 3), ...norm("bn1", 32)];
  let channels = 32;
  for (const [stage, [expansion, width, count]] of stages.entries())
    for (let block = 0; block < count; block++) {
      const at = `blocks.${stage}.${block}`;
      const inside = expansion * channels;
      if (expansion === 1)
        shapes.push(
          ...[...conv(`${at}.conv_dw`, inside, 1, 3), ...norm(`${at}.bn1`, inside)],
          ...[...conv(`${at}.conv_pw`, width, inside), ...norm(`${at}.bn2`, width)],
        );
      else
        shapes.push(
          ...[...conv(`${at}.conv_pw`, inside, channels), ...norm(`${at}.bn1`, inside)],
          ...[...conv(`${at}.conv_dw`, inside, 1, 3), ...norm(`${at}.bn2`, inside)],
          ...[...conv(`${at}.conv_pwl`, width, inside), ...norm(`${at}.bn3`, width)],
        );
      channels = width;
    }
  return [...shapes, ...conv("conv_head", 1280, 320), ...norm("bn2", 1280)];
}

/** VAN-B0 in transformers: layers with biases, ratios of the MLP 8, 8, 4, 4. */
function transformersVan(): Shapes {
  const biased = (name: string, out: number, into: number, kernel = 1): Shapes => [
    ...conv(name, out, into, kernel),
    [`${name}.bias`, [out]],
  ];
  const shapes: Shapes = [];
  let channels = 3;
  for (const [stage, [width, depth, ratio]] of (
    [
      [32, 3, 8],
      [64, 3, 8],
      [160, 5, 4],
      [256, 2, 4],
    ] as const
  ).entries()) {
    const at = `van.encoder.stages.${stage}`;
    shapes.push(...biased(`${at}.embeddings.convolution`, width, channels, stage === 0 ? 7 : 3));
    shapes.push(...norm(`${at}.embeddings.normalization`, width));
    for (let block = 0; block < depth; block++) {
      const layer = `${at}.layers.${block}`;
      const kernel = `${layer}.attention.attention_layer.attention`;
      shapes.push(
        ...norm(`${layer}.pre_normomalization`, width),
        ...biased(`${layer}.attention.pre_projection.conv`, width, width),
        ...biased(`${kernel}.depth_wise`, width, 1, 5),
        ...biased(`${kernel}.depth_wise_dilated`, width, 1, 7),
        ...biased(`${kernel}.point_wise`, width, width),
        ...biased(`${layer}.attention.post_projection`, width, width),
        [`${layer}.attention_scaling.weight`, [width]],
        ...norm(`${layer}.post_normalization`, width),
        ...biased(`${layer}.mlp.in_dense`, ratio * width, width),
        ...biased(`${layer}.mlp.depth_wise`, ratio * width, 1, 3),
        ...biased(`${layer}.mlp.out_dense`, width, ratio * width),
        [`${layer}.mlp_scaling.weight`, [width]],
      );
    }
    shapes.push([`${at}.normalization.weight`, [width]], [`${at}.normalization.bias`, [width]]);
    channels = width;
  }
  return [...shapes, ["van.layernorm.weight", [256]], ["classifier.weight", [1000, 256]]];
}

/** Values that tell the tensors apart. */
function valued(shapes: Shapes, prefix = "") {
  return new Map(
    shapes.map(([name, shape], index) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      return [prefix + name, { shape, data: new Float32Array(count).fill(index / 1024) }];
    }),
  );
}

async function read(network: string, shapes: Shapes, prefix?: string) {
  const file = join(await mkdtemp(join(tmpdir(), "lightseg-")), "imagenet.safetensors");
  await writeWeights(file, valued(shapes, prefix), { dtype: "F32", metadata: {} });
  return readParameters(file, networkParameters(network).expected);
}

function shapesOf(weights: Weights): Map<string, readonly number[]> {
  return new Map([...weights].map(([name, { shape }]) => [name, shape]));
}

function encoderOf(network: string): Map<string, readonly number[]> {
  const built = buildNetwork({ network, classes: 2 });
  return new Map([...parameterShapes(built)].filter(([name]) => built.encoder.has(name)));
}

describe("weights of ImageNet under other names", () => {
  it.each([
    ["torchvision", torchvision(), ""],
    ["timm", timm(), ""],
    ["timm, in a detector's file", timm(), "backbone."],
  ])("MobileNet-v2 from %s has every parameter of the encoder", async (_, shapes, prefix) => {
    const { weights } = await read("refinenet-lw-mobilenet-v2", shapes, prefix);
    expect(shapesOf(weights)).toEqual(encoderOf("refinenet-lw-mobilenet-v2"));
    // In the order of the definition: the stem, then the first depthwise convolution.
    expect(weights.get("layer1.0.weight")?.data[0]).toBe(0);
    expect(weights.get("layer2.0.output.1.0.weight")?.data[0]).toBe(5 / 1024);
  });

  it("the expansion by 1 that is not in the file becomes the identity", async () => {
    const { weights } = await read("refinenet-lw-mobilenet-v2", torchvision());
    const expansion = weights.get("layer2.0.output.0.0.weight")?.data ?? [];
    expect([...expansion].every((value, at) => value === (at % 33 === 0 ? 1 : 0))).toBe(true);
    const variance = weights.get("layer2.0.output.0.1.running_var")?.data[0] ?? 0;
    expect(1 / Math.sqrt(variance + 1e-5)).toBeCloseTo(1, 7);
  });

  it("VAN from transformers has every parameter of the encoder", async () => {
    const { weights } = await read("frm-van-b0", transformersVan());
    expect(shapesOf(weights)).toEqual(encoderOf("frm-van-b0"));
    expect(weights.get("patch_embed1.proj.weight")?.data[0]).toBe(0);
    expect(weights.get("block1.0.attn.proj_1.weight")?.data[0]).toBe(10 / 1024);
  });

  it("official names, and names that nobody knows, stay as they are", () => {
    for (const [network, { rename }] of [
      ["refinenet-lw-mobilenet-v2", mobilenetV2Names],
      ["frm-van-b0", vanNames],
    ] as const) {
      const built = buildNetwork({ network, classes: 2 });
      const { names } = expectedNames(built);
      expect([...names].map(rename)).toEqual([...names]);
      for (const name of ["features.19.conv.0.0.weight", "blocks.0.0.conv_pwl.weight", "stages.0.x.weight"])
        expect(rename(name)).toBe(name);
    }
  });

  it("ResNets have torchvision's names, which are timm's too", () => {
    const names = [...encoderOf("refinenet-lw-50").keys()];
    expect(names).toHaveLength(5 + 5 * (3 * (3 + 4 + 6 + 3) + 4));
    for (const name of ["conv1.weight", "bn1.running_var", "layer1.0.downsample.0.weight"])
      expect(names).toContain(name);
  });
});
