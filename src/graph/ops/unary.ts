import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import { defineOp, type Op, type OpDefinition } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** What sets one elementwise function of one tensor apart from another. */
interface Unary {
  readonly name: string;
  /** The type of the ONNX node, or what writes several nodes. */
  readonly onnx: string | ((x: OnnxInput, onnx: OnnxWriter) => string);
  /** The derivative with respect to x, given that with respect to y. */
  gradient(dy: Tensor, y: Tensor, x: Tensor): Tensor;
  /** The function of one value, for constant folding. */
  readonly value?: (x: number) => number;
}

export type UnaryOp = ((x: Tensor) => Tensor) & Pick<Op<[x: Tensor], undefined>, "made">;

/** Makes an op that maps each value by itself. `knowledge` is what else its definition says. */
/* @__NO_SIDE_EFFECTS__ */
export function defineUnary(
  { name, onnx: form, gradient, value }: Unary,
  knowledge: Partial<OpDefinition<[x: Tensor], undefined>> = {},
): UnaryOp {
  const op = defineOp<[x: Tensor], undefined>({
    name,
    infer: ([x]) => ({ shape: x.shape }),
    gradient: ({ inputs: [x], output }, dy) => [gradient(dy, output, x)],
    onnx: ({ inputs: [x] }, onnx) => (typeof form === "string" ? onnx.node(form, [x]) : form(x, onnx)),
    ...(value && { evaluate: ([{ data }]) => data.map(value) }),
    ...knowledge,
  });
  return Object.assign((x: Tensor) => op([x], undefined), { made: op.made });
}
