import { countValues, fixedShape } from "../graph/shape.ts";
import type { DropoutMask } from "../models/scope.ts";
import type { TensorData } from "../runtime/session.ts";
import { createRandom } from "./random.ts";

/** Draws which values of each masked feature map stay in one training step: all from one seed, in the order of the network. */
export function drawMasks(masks: ReadonlyMap<string, DropoutMask>, seed: number): Record<string, TensorData> {
  const random = createRandom(seed);
  const feeds: Record<string, TensorData> = {};
  for (const [name, { kept, rate }] of masks) {
    const dims = fixedShape("drawMasks", kept.shape);
    const data = new Uint8Array(countValues(dims));
    for (let index = 0; index < data.length; index++) data[index] = random() < rate ? 0 : 1;
    feeds[name] = { data, dims };
  }
  return feeds;
}
