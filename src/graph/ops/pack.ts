import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { countValues, fixedShape, formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const packOp = defineOp<readonly Tensor[], undefined>({
  name: "pack",
  infer: (inputs) => ({
    shape: [inputs.reduce((sum, { shape }) => sum + countValues(fixedShape("pack", shape)), 0)],
  }),
  onnx({ inputs }, onnx) {
    const flat = inputs.map((input) => onnx.reshape(input, [-1]));
    return onnx.node("Concat", flat, { axis: 0 });
  },
});

/** All values of the tensors in one vector. Has no gradient. */
export function pack(tensors: readonly Tensor[]): Tensor {
  return packOp(tensors, undefined);
}

const unpackOp = defineOp<[vector: Tensor], { offset: number; shape: readonly number[] }>({
  name: "unpack",
  infer([vector], { offset, shape }) {
    const [size = 0] = fixedShape("unpack", vector.shape);
    if (offset < 0 || offset + countValues(shape) > size)
      throw invalidGraph("unpack", "offset", `must leave room for ${formatShape(shape)} in ${size}`, offset);
    return { shape };
  },
  onnx({ inputs: [vector], attributes: { offset, shape } }, onnx) {
    const values = onnx.slice(vector, { axes: [0], starts: [offset], ends: [offset + countValues(shape)] });
    return onnx.reshape(values, shape);
  },
});

/** A tensor out of a vector, from `offset` on: the inverse of `pack`. Has no gradient. */
export function unpack(vector: Tensor, place: { offset: number; shape: readonly number[] }): Tensor {
  return unpackOp([vector], place);
}
