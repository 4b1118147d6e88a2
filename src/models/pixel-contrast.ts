import { relu } from "../graph/ops/activation.ts";
import { convolution } from "../graph/ops/convolution.ts";
import { add, divide, exp, log, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { flatten } from "../graph/ops/flatten.ts";
import { gatherPixels } from "../graph/ops/gather.ts";
import { bestClass, oneHot, resizeLabelTensor } from "../graph/ops/labels.ts";
import { matmul } from "../graph/ops/matmul.ts";
import { reshape, sum } from "../graph/ops/reduction.ts";
import { topK } from "../graph/ops/top-k.ts";
import { featureMapShape, fixedShape, shape4 } from "../graph/shape.ts";
import { constant, scalar, type Tensor } from "../graph/tensor.ts";
import type { LossTerm } from "./decoders/decoder.ts";
import type { Scope } from "./scope.ts";

const WEIGHT = 0.1;
const TEMPERATURE = 0.1;
/** Channels of an embedding. */
const EMBEDDING_WIDTH = 256;
/** At most so many anchors of a class, and of all classes together. */
const ANCHORS_PER_CLASS = 100;
const ANCHORS = 1024;
/** Keeps a division by nothing, or the logarithm of 0, finite. */
const TINY = 1e-10;
/** A rank below that of every pixel of the class. */
const LAST = -1e30;

/**
 * Pixel contrast (Wang et al., "Exploring Cross-Image Pixel Contrast for Semantic Segmentation", ICCV 2021),
 * weight 0.1, without its memory bank, from the first step on. Pixels of one class are to have similar
 * embeddings, those of different classes dissimilar ones.
 *
 * Anchors are drawn from the batch, equally many for each class of the network: 1024 in all, at most 100 of a
 * class, about half of them misclassified while there are such. Two 1x1 convolutions (`0` and `2`, ReLU
 * between them, length 1) embed each. With s the product of two embeddings divided by the temperature 0.1,
 * the loss of an anchor i is the mean over the other anchors j of its class of
 *
 *   -log(exp(s_ij) / (exp(s_ij) + sum over k of another class of exp(s_ik)))
 *     = log(1 + exp(-s_ij) sum exp(s_ik))
 *
 * @param features `[N, C, h, w]`; the pixels to embed
 * @param scores `[N, classes, h, w]`; they tell which pixels are misclassified, and get no gradient
 */
export function pixelContrast(
  scope: Scope,
  { features, scores }: { features: Tensor; scores: Tensor },
): LossTerm {
  const [n, width, h, w] = featureMapShape("pixelContrast", features.shape);
  const embed = embedding(scope, width);
  const numbers = scope.uniformNumbers([n, 1, h, w]);
  return {
    weight: WEIGHT,
    build(target) {
      const { anchors, members } = drawAnchors({ scores, target, numbers });
      return contrast(embed(gatherPixels(features, anchors)), members);
    },
  };
}

/** The convolutions that embed a pixel. Only anchors pass through them. */
function embedding(scope: Scope, width: number): (pixels: Tensor) => Tensor {
  const layer = (place: Scope, channels: number) => {
    const initialization = { kind: "uniform", fanIn: width } as const;
    const weight = place.parameter("weight", [channels, width, 1, 1], { initialization });
    const bias = place.parameter("bias", [channels], { initialization });
    return (x: Tensor) => convolution(x, weight, { bias });
  };
  const inner = layer(scope.at(0), width);
  const outer = layer(scope.at(2), EMBEDDING_WIDTH);
  return (pixels) => {
    const y = outer(relu(inner(pixels)));
    const squaredLength = sum(multiply(y, y), [1], { keepDims: true });
    return divide(y, squareRoot(add(squaredLength, scalar(TINY))));
  };
}

/** Pixels to compare. Classes with too few pixels fill their slots with pixels of no class. */
export interface Anchors {
  /** Numbers of the pixels, int32 `[A]`; the same number of slots for each class, class after class. */
  readonly anchors: Tensor;
  /** `[1, classes, A]`: 1 at the class of the anchor. */
  readonly members: Tensor;
}

/**
 * Weighted sampling without replacement by exponential clocks (Efraimidis and Spirakis 2006): each pixel of a
 * class draws a waiting time, and the first are taken. Its mean is the number of the class's pixels that are
 * misclassified, or classified rightly, as the pixel is. So both kinds arrive at the same rate, until one
 * runs out.
 */
export function drawAnchors({
  scores,
  target,
  numbers,
}: Record<"scores" | "target" | "numbers", Tensor>): Anchors {
  const [n, classes, h, w] = shape4("pixelContrast", scores);
  const pixels = n * h * w;
  const slots = Math.min(ANCHORS_PER_CLASS, Math.floor(ANCHORS / classes), pixels);
  const row = [1, 1, pixels];
  const isClass = oneHot(reshape(resizeLabelTensor(target, [h, w]), row), classes);
  const isPredicted = oneHot(reshape(bestClass(scores), row), classes);

  const count = (x: Tensor) => sum(x, [3], { keepDims: true });
  const easy = multiply(isClass, isPredicted);
  const hard = subtract(isClass, easy);
  const alike = add(multiply(easy, count(easy)), multiply(hard, count(hard)));
  // For u uniform in 0..1, -log(u) is exponential with a mean of 1. The shortest time ranks highest.
  const time = multiply(log(add(reshape(numbers, [1, 1, 1, pixels]), scalar(TINY))), scalar(-1));
  const outsider = multiply(subtract(scalar(1), isClass), scalar(LAST));
  const rank = subtract(outsider, multiply(time, alike));
  const anchors = reshape(topK(rank, slots), [classes * slots]);

  const classOfSlot = Int32Array.from({ length: classes * slots }, (_, slot) => Math.floor(slot / slots));
  const ofSlot = oneHot(constant(classOfSlot, [1, 1, classes * slots]), classes);
  return { anchors, members: flatten(multiply(gatherPixels(isClass, anchors), ofSlot)) };
}

/** The mean loss of the anchors that have another one of their class; 0 where none has. */
function contrast(embeddings: Tensor, members: Tensor): Tensor {
  const [, , anchors = 0] = fixedShape("pixelContrast", members.shape);
  const each = constant(
    Int32Array.from({ length: anchors }, (_, anchor) => anchor),
    [1, 1, anchors],
  );
  const itself = flatten(oneHot(each, anchors));
  const used = sum(members, [1], { keepDims: true });
  const sameClass = matmul(members, members, { transposeA: true });
  const otherClass = subtract(matmul(used, used, { transposeA: true }), sameClass);
  const positive = multiply(sameClass, subtract(scalar(1), itself));

  const rows = flatten(embeddings);
  const similarity = multiply(matmul(rows, rows, { transposeA: true }), scalar(1 / TEMPERATURE));
  const negatives = sum(multiply(exp(similarity), otherClass), [2], { keepDims: true });
  const loss = log(add(multiply(exp(multiply(similarity, scalar(-1))), negatives), scalar(1)));
  // Each row of shares adds up to 1, or to 0 for an anchor that is alone in its class.
  const share = divide(positive, add(sum(positive, [2], { keepDims: true }), scalar(TINY)));
  const total = (x: Tensor) => sum(x, [0, 1, 2]);
  return divide(total(multiply(share, loss)), add(total(share), scalar(TINY)));
}
