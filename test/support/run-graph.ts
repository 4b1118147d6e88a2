import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { devices } from "../../src/runtime/node/devices.ts";
import { nodeSessions } from "../../src/runtime/node/session.ts";
import type { TensorData } from "../../src/runtime/session.ts";

/** Where graphs are run: the CPU, or what `npm run test:gpu` names. */
const device = devices.find((name) => name === process.env.LIGHTSEG_TEST_DEVICE) ?? "cpu";

/** Values by the names of inputs and parameters. */
export type Feeds = Readonly<Record<string, TensorData>>;

export interface RunGraphOptions {
  /** Parameters become constants of the model instead of inputs. Defaults to false. */
  constantParameters?: boolean;
}

/** Computes named tensors with the engine, in a session of their own. */
export async function runGraph<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
  feeds: Feeds = {},
  { constantParameters = false }: RunGraphOptions = {},
): Promise<Record<K, TensorData>> {
  const constants = new Set<string>();
  const open = nodeSessions(device);
  const model = lowerToOnnx(outputs, {
    provider: open.provider,
    parameters(name) {
      const data = feeds[name]?.data;
      if (!constantParameters || !(data instanceof Float32Array)) return "input";
      constants.add(name);
      return data;
    },
  });
  const session = await open(model, { threads: 1 });
  try {
    const inputs = Object.entries(feeds).filter(([name]) => !constants.has(name));
    return await session.run(Object.fromEntries(inputs), keysOf(outputs));
  } finally {
    await session.dispose();
  }
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys;
}

/** Applies a function to each value of a record. */
export function mapRecord<K extends string, A, B>(
  record: Readonly<Record<K, A>>,
  map: (value: A, key: K) => B,
): Record<K, B> {
  const result: Partial<Record<K, B>> = {};
  for (const key in record) result[key] = map(record[key], key);
  // Every key has been filled in just now.
  return result as Record<K, B>;
}

export function floats(data: ArrayLike<number>, shape: readonly number[] = [data.length]): TensorData {
  return { data: Float32Array.from(data), shape };
}

export function ints(data: ArrayLike<number>, shape: readonly number[] = [data.length]): TensorData {
  return { data: Int32Array.from(data), shape };
}
