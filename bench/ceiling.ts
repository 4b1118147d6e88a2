/** How fast this machine multiplies matrices: what any network can at most reach. */

import { lowerToOnnx } from "../src/graph/onnx/lower.ts";
import { defineOp } from "../src/graph/op.ts";
import { matmul } from "../src/graph/ops/matmul.ts";
import { sum } from "../src/graph/ops/reduction.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { openNodeSession } from "../src/runtime/node/session.ts";
import type { TensorData } from "../src/runtime/session.ts";
import { median, takeTurns, timed } from "./peers.ts";

/** Billions of operations a second, a multiply-accumulate being two. */
export interface Ceilings {
  readonly fp32: number;
  readonly int8: number;
}

const SIDE = 2048;
const shape = [SIDE, SIDE];

/**
 * The sums of the rows of a product of bytes with constant signed weights, which the engine packs once, as in
 * a convolution; the product itself would take long to leave the engine.
 */
const matmulInteger = defineOp<[a: Tensor], { readonly weights: Int8Array }>({
  name: "matmulInteger",
  infer: () => ({ shape: [SIDE], dtype: "int32" }),
  onnx({ inputs: [a], attributes: { weights } }, onnx) {
    const product = onnx.node("MatMulInteger", [a, onnx.stored("weights", weights, shape)]);
    return onnx.node("ReduceSum", [product, onnx.ints([1])], { keepdims: 0 });
  },
});

/** Times products of two 2048 x 2048 matrices, of float32, and of unsigned bytes with signed weights. */
export async function measureCeilings(threads: number, runs: number): Promise<Ceilings> {
  const floats: TensorData = { data: new Float32Array(SIDE * SIDE).fill(0.5), shape: shape };
  const bytes: TensorData = { data: new Uint8Array(SIDE * SIDE).fill(3), shape: shape };
  const open = async (product: Tensor, feeds: Record<string, TensorData>) => {
    const session = await openNodeSession(lowerToOnnx({ product }, { parameters: () => "input" }), {
      threads,
    });
    return {
      turn: timed(() => session.run(feeds, ["product"])),
      dispose: () => session.dispose(),
    };
  };
  const fp32 = await open(sum(matmul(input("a", shape), input("b", shape)), [1]), { a: floats, b: floats });
  const weights = new Int8Array(SIDE * SIDE).fill(-3);
  const int8 = await open(matmulInteger([input("a", shape, "uint8")], { weights }), { a: bytes });
  const times = await takeTurns({ fp32: fp32.turn, int8: int8.turn }, { warmup: 2, runs });
  await Promise.all([fp32.dispose(), int8.dispose()]);
  const gops = (name: string) => (2 * SIDE ** 3) / median(times.get(name)) / 1e6;
  return { fp32: gops("fp32"), int8: gops("int8") };
}
