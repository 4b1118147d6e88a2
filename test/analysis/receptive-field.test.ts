import { describe, expect, it } from "vitest";
import { receptiveField } from "../../src/analysis/receptive-field.ts";
import { averagePool } from "../../src/graph/ops/average-pooling.ts";
import { slice } from "../../src/graph/ops/concat.ts";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { add, multiply } from "../../src/graph/ops/elementwise.ts";
import { mean } from "../../src/graph/ops/mean.ts";
import { maxPool } from "../../src/graph/ops/pooling.ts";
import { resize } from "../../src/graph/ops/resize.ts";
import { input, parameter, type Tensor } from "../../src/graph/tensor.ts";
import { buildNetwork } from "../../src/models/network.ts";

const image = input("image", [1, 1, 65, 65]);
let weights = 0;
function conv(x: Tensor, kernel: number, options = {}): Tensor {
  const initialization = { kind: "constant", value: 1 } as const;
  const weight = parameter(`w${weights++}`, [1, 1, kernel, kernel], { initialization });
  return convolution(x, weight, { padding: (kernel - 1) / 2, ...options });
}
function rowsOf(map: Tensor, row = 8): readonly number[] {
  return receptiveField(map, image, { row, column: row }).rows;
}

describe("receptiveField, rows by hand", () => {
  it.each<[string, Tensor, [number, number]]>([
    ["of a photo", image, [8, 8]],
    ["a 1x1 convolution", conv(image, 1), [8, 8]],
    ["two 3x3 convolutions: 5", conv(conv(image, 3), 3), [6, 10]],
    ["3x3 with stride 2, padding 1: 15 to 17", conv(image, 3, { stride: 2 }), [15, 17]],
    // 7 to 9 of the half-size map, each 2 p - 1 to 2 p + 1.
    ["3x3 on 3x3 with stride 2: 7 wide", conv(conv(image, 3, { stride: 2 }), 3), [13, 19]],
    ["3x3 with dilation 4: 9", conv(image, 3, { dilation: 4, padding: 4 }), [4, 12]],
    ["without padding: 8 to 10", conv(image, 3, { padding: 0 }), [8, 10]],
    ["a 5x5 max-pool", maxPool(image, { kernel: 5, padding: 2 }), [6, 10]],
    ["a 3x3 average pool", averagePool(image, { kernel: 3, padding: 1 }), [7, 9]],
    ["the wider of two paths", add(conv(image, 5), image), [6, 10]],
    ["a slice: 3 rows on", slice(image, { axis: 2, start: 3 }), [11, 11]],
    // 65 to 33 rows: position 2 p exactly.
    ["halving with aligned corners", resize(image, { size: [33, 33], alignCorners: true }), [16, 16]],
    // (8 + 0.5) 65 / 130 - 0.5 = 3.75.
    ["doubling", resize(image, { size: [130, 130], alignCorners: false }), [3, 4]],
  ])("%s", (_, map, rows) => {
    expect(rowsOf(map)).toEqual(rows);
  });

  it("is everything behind a mean over the map, and reads no values of a map that gives a size", () => {
    expect(rowsOf(multiply(image, mean(image, [2, 3], { keepDims: true })))).toEqual([-Infinity, Infinity]);
    const small = conv(image, 3, { stride: 2 });
    expect(rowsOf(resize(small, { like: conv(image, 41), alignCorners: true }), 16)).toEqual([15, 17]);
  });

  it("reaches into the padding", () => {
    expect(rowsOf(conv(image, 5), 0)).toEqual([-2, 2]);
  });

  it("of chained residual pooling is 4 pixels of its map wider a link: 17 places", () => {
    const { blocks } = buildNetwork({ network: "refinenet-lw-50", classes: 2, size: [1, 512, 512] });
    const crp = blocks.find(({ name }) => name === "mflow_conv_g1_pool");
    const [before] = crp?.inputs ?? [];
    if (!crp || !before) throw new Error("no CRP");
    expect(receptiveField(crp.output, before, { row: 8, column: 7 })).toEqual({
      rows: [0, 16],
      columns: [-1, 15],
    });
  });

  it("of ResNet-50's last stage is 427 pixels, by the sums of (kernel - 1) times stride", () => {
    const { blocks, image } = buildNetwork({ network: "refinenet-lw-50", classes: 2, size: [1, 512, 512] });
    const sizeOf = (name: string) => {
      const block = blocks.find((each) => each.name === name);
      if (!block) throw new Error(`no ${name}`);
      const { rows, columns } = receptiveField(block.output, image, { row: 8, column: 8 });
      return [rows[1] - rows[0] + 1, columns[1] - columns[0] + 1];
    };
    // Stem: 1 + 6 + 2 x 2 = 11. Stages: 3 of 2 x 4; 2 x 4 and 3 of 2 x 8; 2 x 8 and 5 of 2 x 16; 2 x 16 and
    // 2 of 2 x 32.
    expect(sizeOf("conv1")).toEqual([11, 11]);
    expect(sizeOf("layer1")).toEqual([35, 35]);
    expect(sizeOf("layer4")).toEqual([427, 427]);
    // 16 places of stride 32 more.
    expect(sizeOf("mflow_conv_g1_pool")).toEqual([427 + 16 * 32, 427 + 16 * 32]);
  });
});
