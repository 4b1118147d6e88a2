import { LightsegError } from "../../errors.ts";
import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { formatShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

const topKOp = defineOp<[x: Tensor], { k: number }>({
  name: "topK",
  infer([x], { k }) {
    const extent = x.shape.at(-1);
    if (typeof extent !== "number" || !Number.isInteger(k) || k < 1 || k > extent) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "topK",
        argument: "k",
        rule: `must be a whole number from 1 to the last extent of ${formatShape(x.shape)}`,
        value: k,
      });
    }
    return { shape: x.shape.with(-1, k), dtype: "int32" };
  },
  // Places move in jumps: there is no derivative.
  gradient: () => [undefined],
  onnx({ inputs: [x], attributes: { k }, output }, onnx) {
    const names = [`%topK${output.id}:values`, `%topK${output.id}:places`] as const;
    onnx.nodeWithOutputs("TopK", [onnx.name(x), onnx.ints([k])], names, { axis: -1, largest: 1, sorted: 1 });
    return onnx.node("Cast", [names[1]], { to: TensorProto_DataType.INT32 });
  },
});

/**
 * The places of the `k` largest values along the last axis, the largest first and the first of equal ones first: `[..., P]` to int32 `[..., k]`.
 *
 * @throws LightsegError INVALID_GRAPH unless there are k values
 */
export function topK(x: Tensor, k: number): Tensor {
  return topKOp([x], { k });
}
