import { expect, it } from "vitest";
import { lowerToOnnx } from "../../../src/graph/onnx/lower.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { input, scalar } from "../../../src/graph/tensor.ts";
import { nodeSessions } from "../../../src/runtime/node/session.ts";
import { describeOnGpu } from "../../support/on-gpu.ts";
import { floats } from "../../support/run-graph.ts";

describeOnGpu("sessions on WebGPU", () => {
  // The engine shares one device among them: two that ran at once ended the process.
  it("may be used at the same time", { timeout: 300_000 }, async () => {
    const open = nodeSessions("webgpu");
    const sizes = Array.from({ length: 30 }, (_, index) => 1000 + 777 * index);
    const summand = input("x", []);
    const next = sizes.map((size, index) => [`next:${index}`, add(input(String(index), [size]), summand)]);
    const outputs = { ...Object.fromEntries(next), done: add(summand, scalar(1)) };
    const model = lowerToOnnx(outputs, { parameters: () => "input", provider: "webgpu" });
    const count = async (steps: number) => {
      const carried = sizes.map((size, index) => ({
        ...{ input: String(index), output: `next:${index}` },
        initial: floats(new Float32Array(size)),
      }));
      const session = await open(model, { carried });
      for (let step = 1; step <= steps; step++) {
        await session.run({ x: floats([1], []) }, ["done"]);
        const state = Object.values(await session.state());
        expect(state.every(({ data }) => data.every((value) => value === step))).toBe(true);
      }
      await session.dispose();
    };
    await Promise.all([count(8), count(10), count(12)]);
  });
});
