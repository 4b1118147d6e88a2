import { describe, expect, test } from "vitest";
import type { Weights } from "../../src/models/weights.ts";
import { describeMatch, matchWeights } from "../../src/weights/match.ts";

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

describe("names that are too many", () => {
  const names = (start: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${start}.${i}.weight`);
  const describeMissing = (missing: string[], limit?: number) =>
    describeMatch({ used: new Map(), missing, unexpected: [], misshaped: [] }, limit).split("\n").slice(1);

  test("are listed one by one as long as there is room", () => {
    const ten = names("layer1", 10);
    expect(describeMissing(ten)).toEqual(["10 missing:", ...ten.map((name) => `  ${name}`)]);
  });

  test("are put together by what they begin with, and none is left out", () => {
    const missing = [...names("layer1", 34), "clf.weight", ...names("crp.b", 7), "clf2.weight", "clf2.bias"];
    expect(describeMissing(missing)).toEqual([
      "44 missing:",
      "  layer1.* (34)",
      "  clf.weight",
      "  crp.* (7)",
      "  clf2.* (2)",
    ]);
  });

  test("that all begin alike are told apart by what follows", () => {
    const missing = [...names("net.encoder", 20), ...names("net.decoder", 3)];
    expect(describeMissing(missing)).toEqual(["23 missing:", "  net.encoder.* (20)", "  net.decoder.* (3)"]);
  });

  test("are counted where even their beginnings are too many", () => {
    const missing = ["a", "b", "c", "d"].flatMap((start) => names(start, 5));
    expect(describeMissing(missing, 3)).toEqual([
      "20 missing:",
      "  a.* (5)",
      "  b.* (5)",
      "  c.* (5)",
      "  and 5 more",
    ]);
  });
});

test("forged names are quoted and cut", () => {
  const names = ["a\u001b[2J\nb", "x".repeat(1000), ""];
  const shapes = { expected: [], found: [1] };
  const match = { used: new Map(), missing: names, unexpected: [], misshaped: [{ name: "\r", ...shapes }] };
  expect(describeMatch(match).split("\n")).toEqual([
    "0 of 4 parameters found",
    "3 missing:",
    '  "a\\u001b[2J\\nb"',
    `  "${"x".repeat(100)}…"`,
    '  ""',
    "1 with another shape:",
    '  "\\r": expected [], found [1]',
  ]);
  const dots = [".".repeat(100_000), "a\n.b", "a\n.c"];
  expect(describeMatch({ ...match, missing: dots, misshaped: [] }, 2).split("\n")).toEqual([
    "0 of 3 parameters found",
    "3 missing:",
    `  "${".".repeat(100)}…"`,
    '  "a\\n".* (2)',
  ]);
});
