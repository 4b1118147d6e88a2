import { differentiate } from "../../graph/gradient.ts";
import { lowerToOnnx } from "../../graph/onnx/lower.ts";
import type { Provider } from "../../graph/onnx/writer.ts";
import { atMost, relu } from "../../graph/ops/activation.ts";
import { convolution } from "../../graph/ops/convolution.ts";
import { add, multiply } from "../../graph/ops/elementwise.ts";
import { mean } from "../../graph/ops/mean.ts";
import { maxPool } from "../../graph/ops/pooling.ts";
import { resize } from "../../graph/ops/resize.ts";
import { countValues } from "../../graph/shape.ts";
import { input, type Tensor } from "../../graph/tensor.ts";
import { createRandom } from "../../random.ts";
import { relativeError, TOLERANCE } from "../compare.ts";
import type { Feeds, TensorData } from "../session.ts";

/** A small network with the ops of the large ones, in training: what a device is tried with. */
export interface DeviceCheck {
  readonly model: Uint8Array;
  readonly feeds: Feeds;
  readonly outputs: readonly string[];
}

const shapes: Readonly<Record<string, readonly number[]>> = {
  stem: [8, 3, 3, 3],
  depthwise: [8, 1, 3, 3],
  pointwise: [8, 8, 1, 1],
  last: [5, 8, 3, 3],
};

/** The check as a provider runs it: scores, loss and the gradient of each weight. */
export function buildDeviceCheck(provider: Provider): DeviceCheck {
  const image = input("image", [1, 3, 33, 35]);
  const weights = Object.entries(shapes).map(([name, shape]) => input(name, shape));
  const [stem, depthwise, pointwise, last] = weights;
  if (!stem || !depthwise || !pointwise || !last) throw new TypeError("the check lacks weights");
  const first = atMost(relu(convolution(image, stem, { stride: 2, padding: 1 })), 6);
  const second = convolution(convolution(first, depthwise, { padding: 1, groups: 8 }), pointwise);
  const chained = add(second, maxPool(second, { kernel: 5, padding: 2 }));
  const size = [33, 35] as const;
  const scores = convolution(resize(chained, { size, alignCorners: false }), last, { padding: 1 });
  const loss = mean(multiply(scores, scores), [0, 1, 2, 3]);
  const gradients = differentiate(loss, weights);
  const named: Record<string, Tensor> = { scores, loss };
  for (const [index, name] of Object.keys(shapes).entries()) {
    const gradient = gradients[index];
    if (gradient) named[`d ${name}`] = gradient;
  }
  return {
    model: lowerToOnnx(named, { parameters: () => "input", provider }),
    feeds: drawFeeds(),
    outputs: Object.keys(named),
  };
}

function drawFeeds(): Feeds {
  const random = createRandom(0);
  const draw = (shape: readonly number[]) => ({
    data: Float32Array.from({ length: countValues(shape) }, () => random() - 0.5),
    shape,
  });
  return Object.fromEntries(
    Object.entries({ image: [1, 3, 33, 35], ...shapes }).map(([name, shape]) => [name, draw(shape)]),
  );
}

type Values = Readonly<Record<string, TensorData>>;

/**
 * The output that differs most from what is expected, where one differs by more than 2 % (relative, root
 * mean square).
 */
export function findWrongAnswer(
  found: Values,
  expected: Values,
): { name: string; error: number } | undefined {
  const errors = Object.entries(expected).map(([name, { data }]) => ({
    name,
    error: relativeError(found[name]?.data ?? [], data),
  }));
  // Written so that NaN is found too.
  return errors.find(({ error }) => !(error <= TOLERANCE));
}
