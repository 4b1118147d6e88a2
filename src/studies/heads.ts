import { bestClass } from "../graph/ops/labels.ts";
import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { mean } from "../graph/ops/mean.ts";
import { reshape } from "../graph/ops/reduction.ts";
import { resize } from "../graph/ops/resize.ts";
import { fixedShape } from "../graph/shape.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import type { LossTerm } from "../models/decoders/decoder.ts";
import { conv } from "../models/layers.ts";
import type { Network } from "../models/network.ts";
import { openScope, type Scope } from "../models/scope.ts";
import { TARGET_STRIDE } from "./probe-samples.ts";

type Size = readonly [height: number, width: number];

/** What is put on a map to find out what it holds. */
export interface Heads {
  /** Raw class scores of each place of the map, `[N, classes, h, w]`, by a 3x3 convolution. */
  readonly scores: Tensor;
  /** For each object class the scores of its absence and its presence, `[N, 2, objects, 1]`. */
  readonly presence: Tensor;
}

/** The input that says which object classes a photo holds: int32 `[N, objects, 1]`, 1 where it does. */
export const PRESENT = "present";

/**
 * Heads for segmentation and for multi-label classification: the latter is a linear layer on the mean of the
 * map. A class is there or not, so two scores each with a softmax are a logistic regression.
 */
export function buildHeads(
  scope: Scope,
  map: Tensor,
  { classes, objects }: { classes: number; objects: number },
): Heads {
  const [n = 1] = fixedShape("probeNetwork", map.shape);
  const pooled = mean(map, [2, 3], { keepDims: true });
  const pairs = conv(scope.at("classification"), pooled, { channels: 2 * objects, bias: true });
  return {
    scores: conv(scope.at("segmentation"), map, { channels: classes, kernel: 3, bias: true }),
    presence: reshape(pairs, [n, 2, objects, 1]),
  };
}

/**
 * The loss of a classification head: the mean cross-entropy of all decisions.
 *
 * @param present see `PRESENT`
 */
export function presenceLoss({ presence }: Heads, present: Tensor): LossTerm {
  return { weight: 1, build: () => softmaxCrossEntropy(presence, present) };
}

/** The input `PRESENT` for a batch. */
export function presentInput({ presence }: Heads): Tensor {
  const [n = 1, , objects = 1] = fixedShape("probeNetwork", presence.shape);
  return input(PRESENT, [n, objects, 1], "int32");
}

/** The heads of all maps as a network on the maps of a batch. Its image is there for its size alone. */
export function buildHeadNetwork(
  taps: readonly Tensor[],
  {
    classes,
    objects,
    size: [height, width],
    batch,
  }: { classes: number; objects: number; size: Size; batch: number },
): Network {
  const { scope, shared } = openScope({ auxiliary: true });
  const heads = taps.map((tap, index) => {
    const [, ...shape] = fixedShape("probeNetwork", tap.shape);
    return buildHeads(scopeOf(scope, index), input(mapInput(index), [batch, ...shape]), { classes, objects });
  });
  const [first, ...others] = heads;
  if (!first) throw new RangeError("there must be a map");
  const present = presentInput(first);
  const part = (side: number) => Math.ceil(side / TARGET_STRIDE);
  return {
    image: input("image", [batch, 3, part(height), part(width)]),
    scores: first.scores,
    auxiliary: others.map(({ scores }) => ({ scores, weight: 1 })),
    lossTerms: heads.map((head) => presenceLoss(head, present)),
    alignCorners: false,
    parameters: shared.parameters,
    encoder: new Set(),
    blocks: [],
    updates: new Map(),
    randomInputs: new Map(),
  };
}

/** For each map the labels at the photo's size, and 1 for each class that is there. */
export function outputsOf(heads: readonly Heads[], size: Size): Record<string, Tensor> {
  return Object.fromEntries(
    heads.flatMap(({ scores, presence }, index) => [
      [`labels${index}`, bestClass(resize(scores, { size, alignCorners: false }))],
      [`presence${index}`, bestClass(presence)],
    ]),
  );
}

/** The input of the head network that a map is fed to. */
export function mapInput(index: number): string {
  return `map${index}`;
}

/** Where the heads on a map have their parameters. */
export function scopeOf(scope: Scope, index: number): Scope {
  return scope.at(`probe${index}`);
}
