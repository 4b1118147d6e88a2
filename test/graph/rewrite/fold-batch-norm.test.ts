import { describe, expect, it } from "vitest";
import { differentiate } from "../../../src/graph/gradient.ts";
import { relu6 } from "../../../src/graph/ops/activation.ts";
import { type ConvolutionOptions, convolution } from "../../../src/graph/ops/convolution.ts";
import { add, multiply } from "../../../src/graph/ops/elementwise.ts";
import { batchNorm, batchNormWithUpdate } from "../../../src/graph/ops/normalization.ts";
import { sum } from "../../../src/graph/ops/reduction.ts";
import { foldBatchNorm } from "../../../src/graph/rewrite/fold-batch-norm.ts";
import { collect, constant, input, parameter, type Tensor } from "../../../src/graph/tensor.ts";
import { expectClose, uniform } from "../../support/array.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

/** Parameters by name, with the values to feed them. */
function createParameters() {
  const tensors = new Map<string, Tensor>();
  const feeds: Record<string, ReturnType<typeof floats>> = {};
  const make = (name: string, shape: readonly number[], range?: { low: number; high: number }) => {
    const tensor = parameter(name, shape, { initialization: { kind: "constant", value: 0 } });
    tensors.set(name, tensor);
    feeds[name] = floats(uniform(shape, { seed: name, ...range }).data, shape);
    return tensor;
  };
  return { tensors, feeds, make };
}

type Parameters = ReturnType<typeof createParameters>;

function normParameters({ make }: Parameters, name: string, channels: number) {
  return {
    gamma: make(`${name}.weight`, [channels], { low: 0.5, high: 2 }),
    beta: make(`${name}.bias`, [channels]),
    runningMean: make(`${name}.running_mean`, [channels]),
    runningVariance: make(`${name}.running_var`, [channels], { low: 0.1, high: 2 }),
    epsilon: 1e-3,
  };
}

const ops = (tensor: Tensor) => collect([tensor]).map(({ op }) => op);

/** Compares the values of two graphs, and the derivatives by every parameter that is not a statistic. */
async function expectSame({ tensors, feeds }: Parameters, plain: Tensor, folded: Tensor): Promise<void> {
  const variables = [...tensors].filter(([name]) => !name.includes("running"));
  const upstream = uniform(plain.shape.map(Number), { seed: "upstream" });
  const gradients = (label: string, y: Tensor) => {
    const axes = y.shape.map((_, axis) => axis);
    const loss = sum(multiply(y, constant(Float32Array.from(upstream.data), upstream.shape)), axes);
    const tensors = variables.map(([, tensor]) => tensor);
    return differentiate(loss, tensors).map((tensor, index) => [`${label}.${variables[index]?.[0]}`, tensor]);
  };
  const outputs: Record<string, Tensor> = {
    "plain.value": plain,
    "folded.value": folded,
    ...Object.fromEntries([...gradients("plain", plain), ...gradients("folded", folded)]),
  };
  const results = await runGraph(outputs, feeds);
  for (const name of ["value", ...variables.map(([name]) => name)]) {
    const [expected, actual] = [results[`plain.${name}`], results[`folded.${name}`]];
    expectClose(actual ?? floats([]), expected ?? floats([Number.NaN]), { tolerance: 1e-5, name });
  }
}

describe("foldBatchNorm", () => {
  const [plain, depthwise] = [{ padding: 1 }, { padding: 1, stride: 2, groups: 4 }];

  it.each<[string, weight: number[], options: ConvolutionOptions, bias: boolean]>([
    ["a convolution", [3, 4, 3, 3], plain, false],
    ["a convolution with bias", [3, 4, 3, 3], plain, true],
    ["a depthwise convolution", [4, 1, 3, 3], depthwise, false],
    ["a depthwise convolution with bias", [4, 1, 3, 3], depthwise, true],
  ])("keeps values and gradients of %s", async (_name, weight, options, withBias) => {
    const parameters = createParameters();
    const { make } = parameters;
    const bias = withBias ? make("conv.bias", [weight[0] ?? 0]) : undefined;
    const map = convolution(make("x", [2, 4, 5, 4]), make("conv.weight", weight), { ...options, bias });
    const y = relu6(batchNorm(map, normParameters(parameters, "bn", weight[0] ?? 0)));

    const folded = foldBatchNorm([y])(y);
    expect(ops(y)).toContain("batchNorm");
    expect(ops(folded)).not.toContain("batchNorm");
    expect(folded.shape).toEqual(y.shape);
    await expectSame(parameters, y, folded);
  });

  it("keeps values and gradients of a block with a shortcut, one norm after the other", async () => {
    const parameters = createParameters();
    const x = parameters.make("x", [1, 3, 4, 4]);
    const layer = (input: Tensor, name: string, options: ConvolutionOptions) => {
      const weight = parameters.make(`${name}.weight`, [3, options.groups === 3 ? 1 : 3, 3, 3]);
      return batchNorm(convolution(input, weight, options), normParameters(parameters, `${name}.bn`, 3));
    };
    const hidden = relu6(layer(x, "first", { padding: 1 }));
    const y = add(layer(hidden, "second", { padding: 1, groups: 3 }), x);
    const folded = foldBatchNorm([y])(y);
    expect(ops(folded)).not.toContain("batchNorm");
    await expectSame(parameters, y, folded);
  });

  it("leaves a convolution that something else uses too", async () => {
    const parameters = createParameters();
    const map = convolution(parameters.make("x", [1, 2, 3, 3]), parameters.make("weight", [2, 2, 1, 1]));
    const y = add(batchNorm(map, normParameters(parameters, "bn", 2)), map);
    const folded = foldBatchNorm([y])(y);
    expect(ops(folded).filter((op) => op === "convolution")).toHaveLength(2);
    expect(collect([folded])).toContain(map);
    await expectSame(parameters, y, folded);
  });

  it("leaves batch statistics alone", () => {
    const parameters = createParameters();
    const map = convolution(parameters.make("x", [2, 2, 3, 3]), parameters.make("weight", [2, 2, 1, 1]));
    const { y } = batchNormWithUpdate(map, normParameters(parameters, "bn", 2), 0.1);
    expect(foldBatchNorm([y])(y)).toBe(y);
  });

  it("leaves a norm that follows no convolution, and graphs without any", () => {
    const parameters = createParameters();
    const x = parameters.make("x", [1, 2, 3, 3]);
    const y = batchNorm(relu6(x), normParameters(parameters, "bn", 2));
    expect(foldBatchNorm([y])(y)).toBe(y);
    expect(foldBatchNorm([x])(x)).toBe(x);
  });

  it("leaves tensors that are not in the graph, and stands for each of several outputs", () => {
    const parameters = createParameters();
    const map = convolution(parameters.make("x", [1, 2, 3, 3]), parameters.make("weight", [2, 2, 1, 1]));
    const y = batchNorm(map, normParameters(parameters, "bn", 2));
    const other = input("other", [1]);
    const current = foldBatchNorm([map, y]);
    expect(current(map)).toBe(map);
    expect(current(y)).not.toBe(y);
    expect(current(other)).toBe(other);
  });
});
