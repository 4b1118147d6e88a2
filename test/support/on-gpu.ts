import { describe } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { relativeError } from "../../src/runtime/compare.ts";
import { nodeSessions } from "../../src/runtime/node/session.ts";
import type { Feeds, TensorData } from "../../src/runtime/session.ts";

/** Tests of WebGPU in Node, where `npm run test:gpu` asks for them. */
export const describeOnGpu = describe.skipIf(process.env.LIGHTSEG_TEST_DEVICE !== "webgpu");

/** Outputs computed on both, each by a graph in the form for it. */
export async function differences(
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): Promise<Record<string, number>> {
  const names = Object.keys(outputs);
  const run = async (device: "cpu" | "webgpu"): Promise<Record<string, TensorData>> => {
    const open = nodeSessions(device);
    const session = await open(lowerToOnnx(outputs, { parameters: () => "input", provider: open.provider }));
    try {
      return await session.run(feeds, names);
    } finally {
      await session.dispose();
    }
  };
  const [expected, found] = [await run("cpu"), await run("webgpu")];
  return Object.fromEntries(
    names.map((name) => [
      name,
      relativeError(found[name]?.data ?? [], expected[name]?.data ?? new Float32Array(1)),
    ]),
  );
}
