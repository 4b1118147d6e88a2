import { describe, expect, it } from "vitest";
import type { Weights } from "../../src/models/weights.ts";
import { averageWeights } from "../../src/weights/average.ts";
import { lightsegError } from "../support/errors.ts";

const tensor = (shape: number[], ...values: number[]) => ({ shape, data: Float32Array.from(values) });
const first: Weights = new Map([
  ["a", tensor([2], 1, -3)],
  ["b", tensor([], 0.5)],
]);

describe("averageWeights", () => {
  it("is the mean of each value, whatever the order of the tensors", () => {
    const second: Weights = new Map([
      ["b", tensor([], 1)],
      ["a", tensor([2], 2, 1)],
    ]);
    expect(averageWeights(first, second, "b.pth")).toEqual(
      new Map([
        ["a", tensor([2], 1.5, -1)],
        ["b", tensor([], 0.75)],
      ]),
    );
  });

  it.each<[string, Weights, string]>([
    ["a tensor is missing", new Map([["a", tensor([2], 1, 2)]]), 'b.pth: tensor "b" must be in both files'],
    [
      "there is one more",
      new Map([...first, ["c", tensor([], 1)]]),
      'b.pth: tensor "c" must be in both files',
    ],
    [
      "a shape differs",
      new Map([...first, ["a", tensor([1, 2], 1, 2)]]),
      'tensor "a" must have the shape [2], got [1, 2]',
    ],
  ])("refuses weights of another network: %s", (_what, second, message) => {
    expect(() => averageWeights(first, second, "b.pth")).toThrow(
      lightsegError("INVALID_WEIGHTS", "averageWeights"),
    );
    expect(() => averageWeights(first, second, "b.pth")).toThrow(message);
  });
});
