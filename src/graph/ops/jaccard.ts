import { channelsOf } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { atLeast, atMost } from "./activation.ts";
import { add, divide, exp, multiply, subtract } from "./elementwise.ts";
import { oneHot } from "./labels.ts";
import { channelSum, sum } from "./reduction.ts";
import { logSoftmax } from "./softmax.ts";

/**
 * One minus the soft Jaccard index (Rahman and Wang 2016), averaged over the classes that the target has:
 * mIoU with probabilities in place of decisions, so that a rare class counts as much as a common one.
 *
 * For a class with probabilities p and truth t, over the labelled pixels of the batch: `sum p t / (sum p +
 * sum t - sum p t)`. It suits photos that hold most of the classes, as street scenes do (CamVid: 66.8 to 70.3
 * mIoU). Where photos hold few of many classes, a batch says little about each (VOC's animals: 68.8 to 65.1).
 *
 * @param scores logits `[N, C, H, W]`
 * @param target int32 `[N, H, W]`; any value outside `0..C-1` (255 by custom) is ignored
 * @returns a scalar, 0..1; 0 if every pixel is ignored
 */
export function softJaccardLoss(scores: Tensor, target: Tensor): Tensor {
  const truth = oneHot(target, channelsOf("softJaccardLoss", scores));
  const isLabelled = sum(truth, [1], { keepDims: true });
  const probabilities = multiply(exp(logSoftmax(scores)), isLabelled);

  const trueCount = channelSum(truth);
  const intersection = channelSum(multiply(probabilities, truth));
  const union = subtract(add(channelSum(probabilities), trueCount), intersection);
  // Pixel counts are integers, so this is 1 for a class with any pixel.
  const isPresent = atMost(trueCount, 1);
  const loss = multiply(subtract(scalar(1), divide(intersection, atLeast(union, 1e-6))), isPresent);
  return divide(sum(loss, [0]), atLeast(sum(isPresent, [0]), 1));
}
