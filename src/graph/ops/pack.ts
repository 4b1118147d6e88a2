import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { countValues, fixedShape, formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const packOp = defineOp<readonly Tensor[], { size: number }>({
  name: "pack",
  infer(inputs, { size }) {
    const count = inputs.reduce((sum, { shape }) => sum + countValues(fixedShape("pack", shape)), 0);
    if (count > size) throw invalidGraph("pack", "size", `must be at least the ${count} values`, size);
    return { shape: [size] };
  },
  onnx({ inputs, attributes: { size } }, onnx) {
    const flat = inputs.map((input) => onnx.reshape(input, [-1]));
    const rest = inputs.reduce((left, { shape }) => left - countValues(fixedShape("pack", shape)), size);
    return onnx.node("Concat", rest > 0 ? [...flat, onnx.floats(new Float32Array(rest))] : flat, { axis: 0 });
  },
});

/** All values of the tensors in one vector `[size]`, padded with zeros. Has no gradient. */
export function pack(tensors: readonly Tensor[], size: number): Tensor {
  return packOp(tensors, { size });
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
