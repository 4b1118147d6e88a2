import { nearestIn } from "../../grid.ts";
import { invalidGraph } from "../invalid-graph.ts";
import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { type Dim, featureMapShape, fixedShape, formatType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const bestClassOp = defineOp<[scores: Tensor], undefined>({
  name: "bestClass",
  infer([scores]) {
    const [n, classes, h, w] = featureMapShape("bestClass", scores.shape);
    if (classes > 256)
      throw invalidGraph("bestClass", "scores", "must have at most 256 classes, as many as a byte", classes);
    return { shape: [n, h, w], dtype: "uint8" };
  },
  onnx({ inputs: [scores] }, onnx) {
    return onnx.cast(onnx.node("ArgMax", [scores], { axis: 1, keepdims: 0 }), "uint8");
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
    const best = onnx.node("ReduceMax", [scores], { axes: [1], keepdims: 1 });
    const exponentials = onnx.node("Exp", [onnx.node("Sub", [scores, best])]);
    return onnx.node("Reciprocal", [onnx.sum(exponentials, { axes: [1], shape: scores.shape })]);
  },
});

const oneHotOp = defineOp<[labels: Tensor], { classes: number }>({
  name: "oneHot",
  infer([labels], { classes }) {
    const [n, h, w] = labelMapShape("oneHot", labels);
    return { shape: [n, classes, h, w] };
  },
  // Piecewise constant: no gradient.
  gradient: () => [undefined],
  onnx({ inputs: [labels], attributes: { classes } }, onnx) {
    return writeOneHot(onnx, onnx.cast(labels, "int32"), classes);
  },
});

/** Int32 labels `[N, H, W]` as float32 `[N, classes, H, W]`: 1 at the class of each pixel and 0 elsewhere. */
export function writeOneHot(onnx: OnnxWriter, labels: OnnxInput, classes: number): string {
  const indices = Array.from({ length: classes }, (_, index) => index);
  const map = onnx.node("Unsqueeze", [labels, onnx.ints([1])]);
  return onnx.cast(onnx.node("Equal", [map, onnx.int32s(indices, [1, classes, 1, 1])]), "float32");
}

const resizeLabelsOp = defineOp<[labels: Tensor], { size: readonly [number, number] }>({
  name: "resizeLabelTensor",
  infer([labels], { size }) {
    const [n = 0] = fixedShape("resizeLabelTensor", labelMapShape("resizeLabelTensor", labels));
    return { shape: [n, ...size], dtype: labels.dtype };
  },
  onnx({ inputs: [labels], attributes: { size } }, onnx) {
    const [, height = 1, width = 1] = fixedShape("resizeLabelTensor", labels.shape);
    const rows = onnx.node("Gather", [labels, onnx.ints(nearest(height, size[0]))], { axis: 1 });
    return onnx.node("Gather", [rows, onnx.ints(nearest(width, size[1]))], { axis: 2 });
  },
});

function nearest(inSize: number, outSize: number): number[] {
  return Array.from({ length: outSize }, (_, pixel) => nearestIn(pixel, { inSize, outSize }));
}

function labelMapShape(where: string, labels: Tensor): readonly [n: Dim, h: Dim, w: Dim] {
  const [n, h, w, ...rest] = labels.shape;
  const isMap = n !== undefined && h !== undefined && w !== undefined && rest.length === 0;
  if (isMap && labels.dtype !== "float32") return [n, h, w];
  throw invalidGraph(where, "labels", "must be integers [N, H, W]", formatType(labels));
}

/** The class with the highest score, the first on ties: `[N, C, H, W]` to uint8 `[N, H, W]`. */
export function bestClass(scores: Tensor): Tensor {
  return bestClassOp([scores], undefined);
}

/** The softmax probability of the best class: `[N, C, H, W]` to `[N, H, W]`, in 1/C..1. */
export function confidence(scores: Tensor): Tensor {
  return confidenceOp([scores], undefined);
}

/**
 * One-hot labels: `[N, H, W]` to float32 `[N, classes, H, W]`, 1 at the class of each pixel and 0 elsewhere.
 * Labels that are no class have no 1.
 */
export function oneHot(labels: Tensor, classes: number): Tensor {
  return oneHotOp([labels], { classes });
}

/** Nearest-neighbor resizing of labels to `[H, W]`. Needs fixed sizes. */
export function resizeLabelTensor(labels: Tensor, size: readonly [number, number]): Tensor {
  return resizeLabelsOp([labels], { size });
}
