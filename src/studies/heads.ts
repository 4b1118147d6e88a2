import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { mean } from "../graph/ops/mean.ts";
import { reshape } from "../graph/ops/reduction.ts";
import { fixedShape } from "../graph/shape.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import type { LossTerm } from "../models/decoders/decoder.ts";
import { conv } from "../models/layers.ts";
import type { Scope } from "../models/scope.ts";

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
