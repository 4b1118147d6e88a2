import type { Weights } from "../weights.ts";
import type { OtherNames } from "./other-names.ts";

/** Blocks of the stages `layer2` to `layer8`. */
const blocks = [1, 2, 3, 4, 3, 3, 1] as const;
/** Channels of the stem, which the first block expands by 1. */
const STEM = 32;
const EPSILON = 1e-5;

/** Layers of a block, by their names in torchvision: in the first one, which has no expansion, and others. */
const torchvision: readonly Readonly<Record<string, string>>[] = [
  { "conv.0.0": "1.0", "conv.0.1": "1.1", "conv.1": "2.0", "conv.2": "2.1" },
  {
    "conv.0.0": "0.0",
    "conv.0.1": "0.1",
    "conv.1.0": "1.0",
    "conv.1.1": "1.1",
    "conv.2": "2.0",
    "conv.3": "2.1",
  },
];

/** The same in timm, `mobilenetv2_100`. */
const timm: readonly Readonly<Record<string, string>>[] = [
  { conv_dw: "1.0", bn1: "1.1", conv_pw: "2.0", bn2: "2.1" },
  { conv_pw: "0.0", bn1: "0.1", conv_dw: "1.0", bn2: "1.1", conv_pwl: "2.0", bn3: "2.1" },
];

/**
 * MobileNet-v2 in torchvision (`features.N`, counted through all stages) and timm (`conv_stem`,
 * `blocks.STAGE.BLOCK`). Their first block has no expansion, the authors' has one by 1: it becomes the
 * identity, which changes nothing, since values behind the stem's ReLU6 lie in 0..6.
 */
export const mobilenetV2Names: OtherNames = {
  rename(name) {
    const [, stemPrefix = "", stem, stemValue = ""] =
      /^(|.*?\.)(features\.0\.[01]|conv_stem|bn1)\.(\w+)$/.exec(name) ?? [];
    const [, prefix = "", number, layer = "", value = ""] =
      /^(|.*?\.)features\.(\d+)\.(conv\.\d(?:\.\d)?)\.(\w+)$/.exec(name) ?? [];
    if (number !== undefined) {
      const place = findBlock(Number(number) - 1);
      return place ? (nameLayer(prefix, place, torchvision, layer, value) ?? name) : name;
    }
    const [, before = "", stage, block, part = "", own = ""] =
      /^(|.*?\.)blocks\.(\d+)\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
    if (stage !== undefined)
      return nameLayer(before, { stage: Number(stage), block: Number(block) }, timm, part, own) ?? name;
    if (stem === undefined) return name;
    return `${stemPrefix}layer1.${stem === "conv_stem" || stem === "features.0.0" ? 0 : 1}.${stemValue}`;
  },

  complete(weights) {
    const expansion = "layer2.0.output.0";
    const isThere = weights.has("layer2.0.output.1.0.weight") && weights.has("layer1.0.weight");
    if (!isThere || weights.has(`${expansion}.0.weight`)) return;
    const identity = new Float32Array(STEM * STEM);
    for (let channel = 0; channel < STEM; channel++) identity[channel * (STEM + 1)] = 1;
    weights.set(`${expansion}.0.weight`, { shape: [STEM, STEM, 1, 1], data: identity });
    addBatchNorm(weights, `${expansion}.1`);
  },
};

/** The official name of a layer of a block; undefined for one that there is not. */
function nameLayer(
  prefix: string,
  { stage, block }: { stage: number; block: number },
  layers: readonly Readonly<Record<string, string>>[],
  layer: string,
  value: string,
): string | undefined {
  const own = layers[stage === 0 ? 0 : 1]?.[layer];
  return own && `${prefix}layer${stage + 2}.${block}.output.${own}.${value}`;
}

/** Batch norm that changes nothing. */
function addBatchNorm(weights: Weights, name: string): void {
  const values = { weight: 1, bias: 0, running_mean: 0, running_var: 1 - EPSILON };
  for (const [part, value] of Object.entries(values))
    weights.set(`${name}.${part}`, { shape: [STEM], data: new Float32Array(STEM).fill(value) });
}

/** The place of a block that is counted through all stages. */
function findBlock(number: number): { stage: number; block: number } | undefined {
  let block = number;
  for (const [stage, count] of blocks.entries()) {
    if (block >= 0 && block < count) return { stage, block };
    block -= count;
  }
  return undefined;
}
