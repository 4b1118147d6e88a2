import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { input } from "../../../src/graph/tensor.ts";
import { uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { referenceConvolution } from "../../support/reference-convolution.ts";

interface Configuration {
  /** `[N, C, H, W]` */
  x: readonly [number, number, number, number];
  /** `[O, kH, kW]` */
  kernel: readonly [number, number, number];
  stride?: readonly [number, number];
  padding?: readonly [number, number];
  dilation?: readonly [number, number];
  groups?: number;
  bias?: boolean;
}

/** Values and all gradients against naive loops. */
function check({
  x: shape,
  kernel: [outputs, kh, kw],
  bias = false,
  ...options
}: Configuration): Promise<void> {
  const x = uniform(shape, { seed: "x" });
  const weight = uniform([outputs, shape[1] / (options.groups ?? 1), kh, kw], { seed: "weight" });
  if (bias) {
    return checkOp({
      variables: { x, weight, bias: uniform([outputs], { seed: "bias" }) },
      apply: ({ x, weight, bias }) => convolution(x, weight, { ...options, bias }),
      reference: ({ x, weight, bias }) => referenceConvolution(x, weight, bias, options),
    });
  }
  return checkOp({
    variables: { x, weight },
    apply: ({ x, weight }) => convolution(x, weight, options),
    reference: ({ x, weight }) => referenceConvolution(x, weight, undefined, options),
  });
}

describe("convolution, values and gradients against naive loops", () => {
  it.each<[string, Configuration]>([
    ["1x1", { x: [1, 3, 4, 5], kernel: [4, 1, 1] }],
    ["1x1 with bias, batch 3", { x: [3, 2, 3, 4], kernel: [3, 1, 1], bias: true }],
    ["1x1, more outputs than inputs", { x: [2, 1, 5, 5], kernel: [6, 1, 1], bias: true }],
    ["1x1, fewer outputs than inputs", { x: [2, 6, 3, 3], kernel: [1, 1, 1], bias: true }],
    ["1x1, one pixel", { x: [1, 3, 1, 1], kernel: [2, 1, 1] }],
    ["1x1, padded beyond its reach", { x: [1, 2, 3, 4], kernel: [3, 1, 1], padding: [1, 2], bias: true }],
    ["1x1, stride 2, even size", { x: [1, 2, 6, 4], kernel: [3, 1, 1], stride: [2, 2] }],
    ["1x1, stride 2, odd size", { x: [2, 2, 5, 7], kernel: [3, 1, 1], stride: [2, 2] }],
    ["1x1, stride 3, padded", { x: [1, 2, 7, 6], kernel: [2, 1, 1], stride: [3, 3], padding: [1, 1] }],
    ["3x3", { x: [1, 2, 5, 6], kernel: [3, 3, 3], padding: [1, 1] }],
    ["3x3 with bias, batch 3", { x: [3, 2, 4, 3], kernel: [3, 3, 3], padding: [1, 1], bias: true }],
    ["3x3, no padding", { x: [1, 2, 5, 6], kernel: [2, 3, 3] }],
    ["3x3, one place", { x: [1, 2, 3, 3], kernel: [2, 3, 3], bias: true }],
    ["3x3, padding 2", { x: [1, 2, 4, 4], kernel: [3, 3, 3], padding: [2, 2] }],
    ["3x3, padded beyond its reach", { x: [2, 2, 3, 4], kernel: [2, 3, 3], padding: [3, 4] }],
    ["3x3, fewer outputs than inputs", { x: [1, 5, 4, 5], kernel: [2, 3, 3], padding: [1, 1], bias: true }],
    ["3x3, fewer outputs, batch 3, no padding", { x: [3, 4, 4, 4], kernel: [1, 3, 3] }],
    ["3x3, fewer outputs, padding 2", { x: [1, 4, 3, 4], kernel: [2, 3, 3], padding: [2, 2] }],
    ["3x3, fewer outputs, padded beyond", { x: [1, 4, 3, 3], kernel: [2, 3, 3], padding: [3, 0] }],
    [
      "2x3, fewer outputs, padding [1, 0], dilation [1, 2]",
      { x: [2, 4, 4, 6], kernel: [2, 2, 3], padding: [1, 0], dilation: [1, 2] },
    ],
    ["3x3, fewer outputs, stride 2", { x: [2, 4, 5, 6], kernel: [2, 3, 3], stride: [2, 2], padding: [1, 1] }],
    ["3x3, stride 2, even size", { x: [1, 3, 6, 8], kernel: [4, 3, 3], stride: [2, 2], padding: [1, 1] }],
    [
      "3x3, stride 2, odd size",
      { x: [1, 3, 7, 5], kernel: [4, 3, 3], stride: [2, 2], padding: [1, 1], bias: true },
    ],
    ["3x3, stride 2, no padding, a row left over", { x: [2, 2, 6, 4], kernel: [3, 3, 3], stride: [2, 2] }],
    ["3x3, stride 3, two rows left over", { x: [1, 2, 8, 5], kernel: [3, 3, 3], stride: [3, 3] }],
    ["3x3, stride 3, padding 1", { x: [1, 2, 7, 8], kernel: [3, 3, 3], stride: [3, 3], padding: [1, 1] }],
    ["3x3, stride [2, 1]", { x: [1, 2, 6, 5], kernel: [3, 3, 3], stride: [2, 1], padding: [1, 1] }],
    ["3x3, stride [1, 3]", { x: [1, 2, 4, 6], kernel: [1, 3, 3], stride: [1, 3], padding: [0, 1] }],
    ["3x3, dilation 2", { x: [1, 2, 6, 7], kernel: [3, 3, 3], padding: [2, 2], dilation: [2, 2] }],
    [
      "3x3, dilation 3, map smaller than reach",
      { x: [1, 2, 4, 5], kernel: [2, 3, 3], padding: [3, 3], dilation: [3, 3] },
    ],
    [
      "3x3, dilation 2, fewer outputs",
      { x: [2, 4, 5, 5], kernel: [1, 3, 3], padding: [2, 2], dilation: [2, 2] },
    ],
    [
      "3x3, dilation 2, stride 2",
      { x: [1, 2, 7, 8], kernel: [3, 3, 3], stride: [2, 2], padding: [2, 2], dilation: [2, 2] },
    ],
    ["3x3, dilation [1, 3]", { x: [1, 1, 4, 8], kernel: [2, 3, 3], padding: [1, 2], dilation: [1, 3] }],
    ["5x5", { x: [1, 2, 6, 5], kernel: [2, 5, 5], padding: [2, 2] }],
    [
      "5x5, stride 2, padding 2",
      { x: [1, 2, 7, 6], kernel: [1, 5, 5], stride: [2, 2], padding: [2, 2], bias: true },
    ],
    ["1x3", { x: [1, 2, 3, 5], kernel: [3, 1, 3], padding: [0, 1] }],
    ["5x2, stride [3, 2]", { x: [1, 2, 9, 6], kernel: [2, 5, 2], stride: [3, 2], padding: [1, 0] }],
    ["2x2, stride 2", { x: [1, 3, 5, 4], kernel: [2, 2, 2], stride: [2, 2] }],
  ])("%s", (_name, configuration) => check(configuration));
});

describe("convolution in groups", () => {
  it.each<[string, Configuration]>([
    ["2 groups, 3x3", { x: [1, 4, 4, 5], kernel: [6, 3, 3], padding: [1, 1], groups: 2, bias: true }],
    ["2 groups, 1x1, batch 3", { x: [3, 4, 3, 3], kernel: [2, 1, 1], groups: 2 }],
    [
      "2 groups, stride 2, odd size",
      { x: [2, 4, 5, 7], kernel: [4, 3, 3], stride: [2, 2], padding: [1, 1], groups: 2 },
    ],
    ["2 groups, padded beyond the reach", { x: [1, 4, 3, 3], kernel: [4, 3, 3], padding: [3, 3], groups: 2 }],
    [
      "2 groups, dilation 2",
      { x: [1, 4, 5, 5], kernel: [2, 3, 3], padding: [2, 2], dilation: [2, 2], groups: 2 },
    ],
    ["depthwise 3x3", { x: [1, 3, 5, 4], kernel: [3, 3, 3], padding: [1, 1], groups: 3, bias: true }],
    ["depthwise 3x3, batch 3", { x: [3, 4, 3, 3], kernel: [4, 3, 3], padding: [1, 1], groups: 4 }],
    [
      "depthwise 3x3, stride 2, even",
      { x: [2, 3, 6, 4], kernel: [3, 3, 3], stride: [2, 2], padding: [1, 1], groups: 3 },
    ],
    [
      "depthwise 3x3, stride 2, odd",
      { x: [1, 3, 7, 5], kernel: [3, 3, 3], stride: [2, 2], padding: [1, 1], groups: 3 },
    ],
    [
      "depthwise 3x3, stride [2, 1]",
      { x: [1, 3, 6, 5], kernel: [3, 3, 3], stride: [2, 1], padding: [1, 1], groups: 3 },
    ],
    ["depthwise 3x3, stride 3, rows left", { x: [2, 2, 8, 5], kernel: [2, 3, 3], stride: [3, 3], groups: 2 }],
    [
      "depthwise 3x3, dilation 2",
      { x: [1, 3, 6, 5], kernel: [3, 3, 3], padding: [2, 2], dilation: [2, 2], groups: 3 },
    ],
    [
      "depthwise 3x3 on rows of several blocks",
      { x: [2, 2, 3, 19], kernel: [2, 3, 3], padding: [1, 1], groups: 2 },
    ],
    [
      "depthwise 3x3 on rows of whole blocks",
      { x: [1, 2, 4, 16], kernel: [2, 3, 3], padding: [1, 1], groups: 2 },
    ],
    ["depthwise 5x3 without padding", { x: [1, 2, 6, 13], kernel: [2, 5, 3], groups: 2 }],
    [
      "depthwise 1x9, padded more than it reaches",
      { x: [1, 2, 2, 9], kernel: [2, 1, 9], padding: [1, 9], groups: 2 },
    ],
    [
      "depthwise 3x11, wider than a block",
      { x: [1, 2, 4, 12], kernel: [2, 3, 11], padding: [1, 5], groups: 2 },
    ],
    [
      "depthwise 3x3, stride 2, on rows of several blocks",
      { x: [2, 2, 5, 39], kernel: [2, 3, 3], stride: [2, 2], padding: [1, 1], groups: 2 },
    ],
    ["depthwise 5x5, stride [1, 3]", { x: [1, 2, 6, 30], kernel: [2, 5, 5], stride: [1, 3], groups: 2 }],
    [
      "depthwise 1x2, stride 3, places left out",
      { x: [1, 2, 7, 31], kernel: [2, 1, 2], stride: [3, 3], groups: 2 },
    ],
    ["depthwise 1x1", { x: [1, 3, 2, 10], kernel: [3, 1, 1], groups: 3 }],
    ["depthwise 5x5", { x: [1, 2, 6, 6], kernel: [2, 5, 5], padding: [2, 2], groups: 2 }],
    ["depthwise 1x1, stride 2", { x: [1, 3, 5, 4], kernel: [3, 1, 1], stride: [2, 2], groups: 3 }],
    [
      "depthwise, multiplier 2",
      { x: [2, 3, 4, 4], kernel: [6, 3, 3], padding: [1, 1], groups: 3, bias: true },
    ],
    [
      "depthwise, multiplier 2, stride 2",
      { x: [1, 3, 5, 6], kernel: [6, 3, 3], stride: [2, 2], padding: [1, 1], groups: 3 },
    ],
  ])("%s", (_name, configuration) => check(configuration));
});

describe("any convolution", () => {
  const axis = fc.record({
    size: fc.integer({ min: 1, max: 7 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 4 }),
    dilation: fc.integer({ min: 1, max: 3 }),
  });
  const fits = ({
    size,
    kernel,
    padding,
    dilation,
  }: {
    size: number;
    kernel: number;
    padding: number;
    dilation: number;
  }) => size + 2 * padding > dilation * (kernel - 1);
  const channels = fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.constantFrom(1, 1, 2, 3),
    inputs: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    bias: fc.boolean(),
  });

  it("has naive loops' values and gradients", async () => {
    await fc.assert(
      fc.asyncProperty(
        axis.filter(fits),
        axis.filter(fits),
        channels,
        (rows, columns, { batch, groups, inputs, outputs, bias }) =>
          check({
            x: [batch, groups * inputs, rows.size, columns.size],
            kernel: [groups * outputs, rows.kernel, columns.kernel],
            stride: [rows.stride, columns.stride],
            padding: [rows.padding, columns.padding],
            dilation: [rows.dilation, columns.dilation],
            groups,
            bias,
          }),
      ),
      { numRuns: 30 },
    );
  });
});

describe("convolution's shape rule", () => {
  const x = input("x", [1, 4, 5, 5]);

  it.each([
    ["a weight for other channels", [2, 3, 3, 3], 1],
    ["a weight without groups where there are two", [2, 4, 3, 3], 2],
    ["outputs that groups do not divide", [3, 2, 3, 3], 2],
    ["a weight without kernel", [2, 4], 1],
    ["a kernel of three axes", [2, 4, 3, 3, 3], 1],
    ["a kernel that fits nowhere", [2, 4, 6, 3], 1],
  ])("refuses %s", (_name, shape, groups) => {
    expect(() => convolution(x, input("weight", shape), { groups })).toThrow(invalidGraph("convolution"));
  });

  it.each([[[3]], [[1, 2]], [[]]])("refuses a bias of shape %j", (shape) => {
    const weight = input("weight", [2, 4, 1, 1]);
    expect(() => convolution(x, weight, { bias: input("bias", shape) })).toThrow(invalidGraph("convolution"));
  });

  it("refuses what is no feature map", () => {
    expect(() => convolution(input("x", [4, 5, 5]), input("weight", [2, 4, 1, 1]))).toThrow(
      invalidGraph("convolution"),
    );
  });

  it("counts a multiply-accumulate for each weight that meets a value", () => {
    const { macs } = convolution(x, input("weight", [6, 2, 3, 3]), { groups: 2, padding: 1, stride: 2 });
    expect(macs()).toBe(6 * 3 * 3 * (2 * 9));
  });
});
