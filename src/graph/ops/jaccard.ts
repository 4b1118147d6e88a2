import { featureMapShape } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { relu } from "./activation.ts";
import { add, divide, multiply, subtract } from "./elementwise.ts";
import { exp } from "./exponential.ts";
import { oneHot } from "./labels.ts";
import { logSoftmax } from "./loss.ts";
import { channelSum, sum } from "./reduction.ts";

/**
 * One minus the soft Jaccard index (Rahman and Wang 2016), averaged over the classes that the target has: mean IoU, with
 * probabilities in place of decisions, so that a rare class counts as much as a common one.
 *
 * Of a class with probabilities p and truth t, over the labelled pixels of the batch: `sum p t / (sum p + sum t - sum p t)`.
 * It is put together from ops that know their gradients. It suits photos that hold most of the classes, as street scenes do (CamVid: 66.8 to
 * 70.3); where they hold a few of many, a batch says little about each class (VOC's animals: 68.8 to 65.1).
 *
 * @param scores `[N, C, H, W]`
 * @param target int32 `[N, H, W]`; any value outside `0..C-1` (255 by custom) is ignored
 * @returns a scalar, 0..1; 0 if every pixel is ignored
 */
export function softJaccardLoss(scores: Tensor, target: Tensor): Tensor {
  const [, classes] = featureMapShape("softJaccardLoss", scores.shape);
  const truth = oneHot(target, classes);
  const isLabelled = sum(truth, [1], { keepDims: true });
  const probabilities = multiply(exp(logSoftmax(scores)), isLabelled);

  const trueCount = channelSum(truth);
  const intersection = channelSum(multiply(probabilities, truth));
  const union = subtract(add(channelSum(probabilities), trueCount), intersection);
  // 1 for a class of one pixel or more: counts are whole numbers.
  const isPresent = atMostOne(trueCount);
  const loss = multiply(subtract(scalar(1), divide(intersection, atLeast(union, 1e-6))), isPresent);
  return divide(sum(loss, [0]), atLeast(sum(isPresent, [0]), 1));
}

/** min(1, x) = 1 - max(0, 1 - x) */
function atMostOne(x: Tensor): Tensor {
  return subtract(scalar(1), relu(subtract(scalar(1), x)));
}

/** max(x, limit) = limit + max(0, x - limit) */
function atLeast(x: Tensor, limit: number): Tensor {
  return add(relu(subtract(x, scalar(limit))), scalar(limit));
}
