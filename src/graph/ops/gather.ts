import { LightsegError } from "../../errors.ts";
import { featureMapShape, fixedShape, formatShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

const gatherPixelsOp = defineOp<[x: Tensor, places: Tensor], undefined>({
  name: "gatherPixels",
  infer([x, places]) {
    const [, channels = 0] = fixedShape("gatherPixels", featureMapShape("gatherPixels", x.shape));
    const [count = 0] = fixedShape("gatherPixels", places.shape);
    if (places.dtype !== "int32" || places.shape.length !== 1) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "gatherPixels",
        argument: "places",
        rule: "must be int32 [A]",
        value: `${places.dtype} ${formatShape(places.shape)}`,
      });
    }
    return { shape: [1, channels, 1, count] };
  },
  // y[a] = x[places[a]]: dx[p] is the sum of dy[a] over the a whose place is p.
  gradient({ inputs: [x, places] }, dy) {
    return [scatterPixelsOp([places, dy], { shape: fixedShape("gatherPixels", x.shape) }), undefined];
  },
  onnx({ inputs: [x, places], output }, onnx) {
    const [n = 1, c = 1, h = 1, w = 1] = fixedShape("gatherPixels", x.shape);
    const rows = onnx.reshape(onnx.transpose(onnx.name(x), [1, 0, 2, 3]), [c, n * h * w]);
    const chosen = onnx.node("Gather", [rows, onnx.name(places)], { axis: 1 });
    return onnx.reshape(chosen, fixedShape("gatherPixels", output.shape));
  },
});

/** Adds pixels `[1, C, 1, A]` to a map of zeros, each at its place. */
const scatterPixelsOp = defineOp<[places: Tensor, dy: Tensor], { shape: readonly number[] }>({
  name: "scatterPixels",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx({ inputs: [places, dy], attributes: { shape } }, onnx) {
    const [n = 1, c = 1, h = 1, w = 1] = shape;
    const [count = 0] = fixedShape("gatherPixels", places.shape);
    const zeros = onnx.node("ConstantOfShape", [onnx.ints([c, n * h * w])]);
    const everyChannel = onnx.node("Expand", [onnx.name(places), onnx.ints([c, count])]);
    // ONNX Runtime's ScatterND adds in several threads at once and loses some of what goes to one place.
    const sums = onnx.node(
      "ScatterElements",
      [zeros, everyChannel, onnx.reshape(onnx.name(dy), [c, count])],
      {
        axis: 1,
        reduction: "add",
      },
    );
    return onnx.transpose(onnx.reshape(sums, [c, n, h, w]), [1, 0, 2, 3]);
  },
});

/**
 * Chosen pixels of a batch of feature maps, as a map of one row: `[N, C, H, W]` and int32 `[A]` to `[1, C, 1, A]`. Needs fixed sizes.
 *
 * @param places numbers of the pixels, row by row and image after image: `(n H + y) W + x`; a pixel may be chosen more than once
 */
export function gatherPixels(x: Tensor, places: Tensor): Tensor {
  return gatherPixelsOp([x, places], undefined);
}
