import { differentiate } from "../../src/graph/gradient.ts";
import { multiply } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduction.ts";
import { constant, parameter, type Tensor } from "../../src/graph/tensor.ts";
import type { TensorData } from "../../src/runtime/session.ts";
import { at, count, expectClose, type NdArray, uniform } from "./array.ts";
import { type Feeds, floats, mapRecord, runGraph } from "./run-graph.ts";

/** An op, or a few of them, applied to named variables. */
export interface OpCase<K extends string> {
  readonly variables: Readonly<Record<K, NdArray>>;
  apply(tensors: Record<K, Tensor>): Tensor;
  /** Values of inputs that `apply` makes itself, such as a target. */
  readonly feeds?: Feeds;
}

/** The same with a naive implementation in float64. */
export interface ReferencedCase<K extends string> extends OpCase<K> {
  reference(values: Readonly<Record<K, NdArray>>): NdArray;
  /** Largest error relative to the largest value. Defaults to 1e-5. */
  readonly tolerance?: number;
}

export interface Gradients<K extends string> {
  readonly value: TensorData;
  readonly gradients: Record<K, TensorData>;
  /** The loss is the sum of the op's values, each times one of these. */
  readonly upstream: NdArray;
}

/** The engine's value of an op, and the derivatives of a fixed random combination of its values. */
export async function engineGradients<K extends string>({
  variables,
  apply,
  feeds,
}: OpCase<K>): Promise<Gradients<K>> {
  const initialization = { kind: "constant", value: 0 } as const;
  const tensors = mapRecord(variables, ({ shape }, name) => parameter(name, shape, { initialization }));
  const value = apply(tensors);
  const upstream = uniform(value.shape.map(Number), { seed: "upstream" });
  const loss = combine(value, upstream);
  const names = Object.keys(tensors);
  const derivatives = differentiate(loss, Object.values<Tensor>(tensors));
  const outputs = Object.fromEntries(
    derivatives.map((tensor, index) => [`gradient:${names[index]}`, tensor]),
  );

  const values = mapRecord(variables, ({ data, shape }) => floats(data, shape));
  const results = await runGraph<string>({ value, ...outputs }, { ...values, ...feeds });
  const take = (name: string) => {
    const result = results[name];
    if (!result) throw new Error(`no result ${name}`);
    return result;
  };
  return {
    value: take("value"),
    gradients: mapRecord(variables, (_, name) => take(`gradient:${name}`)),
    upstream,
  };
}

/** Checks an op's values and derivatives against a float64 reference, by central differences. */
export async function checkOp<K extends string>(testCase: ReferencedCase<K>): Promise<void> {
  const { variables, reference, tolerance } = testCase;
  const { value, gradients, upstream } = await engineGradients(testCase);
  expectClose(value, reference(variables), { tolerance, name: "value" });
  for (const key in variables) {
    const loss = (changed: NdArray) => {
      const { data } = reference({ ...variables, [key]: changed });
      return data.reduce((total, y, index) => total + y * at(upstream.data, index), 0);
    };
    expectClose(gradients[key], centralDifferences(loss, variables[key]), {
      tolerance,
      name: `gradient of ${key}`,
    });
  }
}

/** Derivatives of a float64 function, right to about 1e-10 where it is smooth. */
function centralDifferences(loss: (x: NdArray) => number, { data, shape }: NdArray, step = 1e-5): NdArray {
  const moved = (index: number, by: number) => loss({ shape, data: data.with(index, at(data, index) + by) });
  return { shape, data: data.map((_, index) => (moved(index, step) - moved(index, -step)) / (2 * step)) };
}

function combine(value: Tensor, upstream: NdArray): Tensor {
  const factors = constant(Float32Array.from(upstream.data), upstream.shape);
  const axes = value.shape.map((_, axis) => axis);
  const product = multiply(value, factors);
  return count(upstream.shape) === 1 && axes.length === 0 ? product : sum(product, axes);
}
