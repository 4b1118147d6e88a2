import { describe } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { relativeError } from "../../src/runtime/compare.ts";
import { nodeSessions } from "../../src/runtime/node/session.ts";
import type { Feeds, TensorData } from "../../src/runtime/session.ts";

/** Tests of WebGPU in Node, where `npm run test:gpu` asks for them. */
export const describeOnGpu = describe.skipIf(process.env.LIGHTSEG_TEST_DEVICE !== "webgpu");

/** How outputs on WebGPU differ from the CPU's (`relativeError`); those of a list are taken together. */
export async function differences(
  outputs: Readonly<Record<string, readonly Tensor[]>>,
  feeds: Feeds,
): Promise<Record<string, number>> {
  const parts = Object.entries(outputs).flatMap(([name, tensors]) =>
    tensors.map((tensor, index) => ({ name, part: `${name}:${index}`, tensor })),
  );
  const graph = Object.fromEntries(parts.map(({ part, tensor }) => [part, tensor]));
  const run = async (device: "cpu" | "webgpu") => {
    const open = nodeSessions(device);
    const session = await open(lowerToOnnx(graph, { parameters: () => "input", provider: open.provider }));
    try {
      return await session.run(feeds, Object.keys(graph));
    } finally {
      await session.dispose();
    }
  };
  const [expected, found] = [await run("cpu"), await run("webgpu")];
  const together = (values: Readonly<Record<string, TensorData>>, name: string) => {
    const own = parts.filter((entry) => entry.name === name);
    return Float32Array.from(own.flatMap(({ part }) => Array.from(values[part]?.data ?? [])));
  };
  return Object.fromEntries(
    Object.keys(outputs).map((name) => [
      name,
      relativeError(together(found, name), together(expected, name)),
    ]),
  );
}
