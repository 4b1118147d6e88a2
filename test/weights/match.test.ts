import { expect, test } from "vitest";
import { describeMatch, matchWeights } from "../../src/weights/match.ts";
import type { Weights } from "../../src/weights/types.ts";

function weightsOf(shapes: Record<string, number[]>): Weights {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      return [name, { shape, data: new Float32Array(count) }];
    }),
  );
}

const expected = new Map([
  ["conv.weight", [8, 3, 3, 3]],
  ["bn.weight", [8]],
  ["clf.weight", [21, 8, 1, 1]],
  ["clf.bias", [21]],
]);

test("sorts tensors into used, missing, unexpected and misshaped", () => {
  const weights = weightsOf({
    "fc.weight": [10, 8],
    "bn.weight": [8],
    "bn.num_batches_tracked": [],
    "conv.weight": [8, 3, 3, 3],
    "clf.weight": [10, 8, 1, 1],
  });
  const match = matchWeights(expected, weights);
  expect([...match.used.keys()]).toEqual(["conv.weight", "bn.weight"]);
  expect(match.used.get("bn.weight")).toBe(weights.get("bn.weight"));
  expect(match.missing).toEqual(["clf.bias"]);
  expect(match.unexpected).toEqual(["fc.weight"]);
  expect(match.misshaped).toEqual([{ name: "clf.weight", expected: [21, 8, 1, 1], found: [10, 8, 1, 1] }]);
});

test("shapes of different length differ", () => {
  const match = matchWeights(new Map([["a", [8]]]), weightsOf({ a: [8, 1] }));
  expect(match.misshaped).toHaveLength(1);
});

test("a full match is described in one line", () => {
  const weights = weightsOf(Object.fromEntries(expected));
  expect(describeMatch(matchWeights(expected, weights))).toBe("4 of 4 parameters found");
});

test("differences are listed, the first few by name", () => {
  const weights = weightsOf({ "clf.weight": [10, 8, 1, 1], a: [], b: [], c: [] });
  expect(describeMatch(matchWeights(expected, weights), 2)).toBe(
    [
      "0 of 4 parameters found",
      "3 missing:",
      "  conv.weight",
      "  bn.weight",
      "  and 1 more",
      "1 with another shape:",
      "  clf.weight: expected [21, 8, 1, 1], found [10, 8, 1, 1]",
      "3 not part of the network:",
      "  a",
      "  b",
      "  and 1 more",
    ].join("\n"),
  );
});
