import { differentiate } from "../graph/gradient.ts";
import { multiply } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduction.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { countValues } from "../graph/shape.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import { openGraph } from "../inference/open-graph.ts";
import type { Weights } from "../models/weights.ts";
import type { Engine, TensorData } from "../runtime/session.ts";

/** A part of a network, from the photo to a map, ready to run. */
export interface OpenMap {
  /** @param image a normalized photo `[1, 3, H, W]`, which is handed over @returns the map `[1, C, h, w]` */
  run(image: Float32Array<ArrayBuffer>): Promise<TensorData>;
  dispose(): Promise<void>;
}

/** Opens the part of a network that computes a map. @param image the photo, `[1, 3, H, W]` */
export async function openMap(
  map: Tensor,
  image: Tensor,
  { weights, engine }: { weights: Weights; engine: Engine },
): Promise<OpenMap> {
  const session = await openGraph({ map: foldBatchNorm([map])(map) }, weights, engine);
  const shape = image.shape.map(Number);
  return {
    run: async (data) => (await session.run({ image: { data, shape } }, ["map"], ["image"])).map,
    dispose: () => session.dispose(),
  };
}

/** The gradient of a unit with respect to the photo, ready to run. */
export interface OpenGradient {
  /** @param at place of the unit in the data of the map @returns the gradient, as long as the image */
  run(image: Float32Array<ArrayBuffer>, at: number): Promise<ArrayLike<number>>;
  dispose(): Promise<void>;
}

/** Opens the gradient of single units of a map with respect to the photo, by the graph's own derivatives. */
export async function openGradient(
  map: Tensor,
  image: Tensor,
  { weights, engine }: { weights: Weights; engine: Engine },
): Promise<OpenGradient> {
  const folded = foldBatchNorm([map])(map);
  const chosen = input("unit", map.shape);
  const loss = sum(multiply(folded, chosen), [0, 1, 2, 3]);
  const [gradient] = differentiate(loss, [image]);
  if (!gradient) throw new RangeError("the photo must have a gradient");
  const session = await openGraph({ gradient }, weights, engine);
  const [imageShape, mapShape] = [image.shape.map(Number), map.shape.map(Number)];
  return {
    async run(data, at) {
      const unit = new Float32Array(countValues(mapShape));
      unit[at] = 1;
      const feeds = { image: { data, shape: imageShape }, unit: { data: unit, shape: mapShape } };
      return (await session.run(feeds, ["gradient"], ["image", "unit"])).gradient.data;
    },
    dispose: () => session.dispose(),
  };
}
