import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { fixedShape, formatType, type Shape4, shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const gatherPixelsOp = defineOp<[x: Tensor, places: Tensor], undefined>({
  name: "gatherPixels",
  infer([x, places]) {
    const [, channels] = shape4("gatherPixels", x);
    return { shape: [1, channels, 1, countPlaces(places)] };
  },
  // y[a] = x[places[a]]: dx[p] is the sum of dy[a] over the a whose place is p.
  gradient({ inputs: [x, places] }, dy) {
    return [scatterPixelsOp([places, dy], { shape: shape4("gatherPixels", x) }), undefined];
  },
  onnx({ inputs: [x, places], output }, onnx) {
    const [n, c, h, w] = shape4("gatherPixels", x);
    const rows = onnx.reshape(onnx.transpose(x, [1, 0, 2, 3]), [c, n * h * w]);
    const chosen = onnx.node("Gather", [rows, places], { axis: 1 });
    return onnx.reshape(chosen, shape4("gatherPixels", output));
  },
});

/** Adds pixels `[1, C, 1, A]` to a map of zeros, each at its place. */
const scatterPixelsOp = defineOp<[places: Tensor, dy: Tensor], { shape: Shape4 }>({
  name: "scatterPixels",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx({ inputs: [places, dy], attributes: { shape } }, onnx) {
    const [n, c, h, w] = shape;
    const count = countPlaces(places);
    const zeros = onnx.node("ConstantOfShape", [onnx.ints([c, n * h * w])]);
    const everyChannel = onnx.node("Expand", [places, onnx.ints([c, count])]);
    // Not ScatterND: in ONNX Runtime its threads race, and additions to one place get lost.
    const sums = onnx.node("ScatterElements", [zeros, everyChannel, onnx.reshape(dy, [c, count])], {
      axis: 1,
      reduction: "add",
    });
    return onnx.transpose(onnx.reshape(sums, [c, n, h, w]), [1, 0, 2, 3]);
  },
});

function countPlaces(places: Tensor): number {
  const [count, ...rest] = fixedShape("gatherPixels", places.shape);
  if (places.dtype !== "int32" || count === undefined || rest.length > 0)
    throw invalidGraph("gatherPixels", "places", "must be int32 [A]", formatType(places));
  return count;
}

/**
 * Chosen pixels of a batch of feature maps: `[N, C, H, W]` and int32 `[A]` to `[1, C, 1, A]`. Needs fixed
 * sizes.
 *
 * @param places indices of the pixels, `(n H + y) W + x`; a pixel may be chosen more than once
 */
export function gatherPixels(x: Tensor, places: Tensor): Tensor {
  return gatherPixelsOp([x, places], undefined);
}
