import { LightsegError } from "../../errors.ts";
import { nearestIn } from "../../grid.ts";
import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { type Dim, featureMapShape, fixedShape, formatShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

const bestClassOp = defineOp<[scores: Tensor], undefined>({
  name: "bestClass",
  infer([scores]) {
    const [n, classes, h, w] = featureMapShape("bestClass", scores.shape);
    if (classes > 256) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "bestClass",
        argument: "scores",
        rule: "must be of 256 classes at most, which a byte tells apart",
        value: classes,
      });
    }
    return { shape: [n, h, w], dtype: "uint8" };
  },
  onnx({ inputs: [scores] }, onnx) {
    const index = onnx.node("ArgMax", [onnx.name(scores)], { axis: 1, keepdims: 0 });
    return onnx.node("Cast", [index], { to: TensorProto_DataType.UINT8 });
  },
});

const confidenceOp = defineOp<[scores: Tensor], undefined>({
  name: "confidence",
  infer([scores]) {
    const [n, , h, w] = featureMapShape("confidence", scores.shape);
    return { shape: [n, h, w] };
  },
  // max softmax = 1 / sum of exp(score - best score)
  onnx({ inputs: [scores] }, onnx) {
    const best = onnx.node("ReduceMax", [onnx.name(scores)], { axes: [1], keepdims: 1 });
    const exponentials = onnx.node("Exp", [onnx.node("Sub", [onnx.name(scores), best])]);
    return onnx.node("Reciprocal", [onnx.node("ReduceSum", [exponentials, onnx.ints([1])], { keepdims: 0 })]);
  },
});

const oneHotOp = defineOp<[labels: Tensor], { classes: number }>({
  name: "oneHot",
  infer([labels], { classes }) {
    const [n, h, w] = labelMapShape("oneHot", labels);
    return { shape: [n, classes, h, w] };
  },
  // Labels move in jumps: there is no derivative.
  gradient: () => [undefined],
  onnx({ inputs: [labels], attributes: { classes } }, onnx) {
    const whole = onnx.node("Cast", [onnx.name(labels)], { to: TensorProto_DataType.INT32 });
    const numbers = onnx.int32s(
      Array.from({ length: classes }, (_, index) => index),
      [1, classes, 1, 1],
    );
    const isClass = onnx.node("Equal", [onnx.node("Unsqueeze", [whole, onnx.ints([1])]), numbers]);
    return onnx.node("Cast", [isClass], { to: TensorProto_DataType.FLOAT });
  },
});

const resizeLabelsOp = defineOp<[labels: Tensor], { size: readonly [number, number] }>({
  name: "resizeLabels",
  infer([labels], { size }) {
    const [n = 0] = fixedShape("resizeLabels", labelMapShape("resizeLabels", labels));
    return { shape: [n, ...size], dtype: labels.dtype };
  },
  onnx({ inputs: [labels], attributes: { size } }, onnx) {
    const [, height = 1, width = 1] = fixedShape("resizeLabels", labels.shape);
    const rows = onnx.node("Gather", [onnx.name(labels), onnx.ints(nearest(height, size[0]))], { axis: 1 });
    return onnx.node("Gather", [rows, onnx.ints(nearest(width, size[1]))], { axis: 2 });
  },
});

function nearest(inSize: number, outSize: number): number[] {
  return Array.from({ length: outSize }, (_, pixel) => nearestIn(pixel, { inSize, outSize }));
}

function labelMapShape(where: string, { shape, dtype }: Tensor): readonly [n: Dim, h: Dim, w: Dim] {
  const [n, h, w] = shape;
  if (shape.length === 3 && n !== undefined && h !== undefined && w !== undefined && dtype !== "float32") {
    return [n, h, w];
  }
  throw new LightsegError({
    code: "INVALID_GRAPH",
    where,
    argument: "labels",
    rule: "must be whole numbers [N, H, W]",
    value: `${dtype} ${formatShape(shape)}`,
  });
}

/** The class with the highest score, the first on ties: `[N, C, H, W]` to uint8 `[N, H, W]`. */
export function bestClass(scores: Tensor): Tensor {
  return bestClassOp([scores], undefined);
}

/** The softmax probability of the best class: `[N, C, H, W]` to `[N, H, W]`, in 1/C..1. */
export function confidence(scores: Tensor): Tensor {
  return confidenceOp([scores], undefined);
}

/** 1 at the class of each pixel and 0 at the others; labels that are no class have no 1: `[N, H, W]` to float32 `[N, classes, H, W]`. */
export function oneHot(labels: Tensor, classes: number): Tensor {
  return oneHotOp([labels], { classes });
}

/** Labels at another size `[H, W]`: each place takes the label that its centre lies in. Needs fixed sizes. */
export function resizeLabels(labels: Tensor, size: readonly [number, number]): Tensor {
  return resizeLabelsOp([labels], { size });
}
