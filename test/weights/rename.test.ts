import { describe, expect, test } from "vitest";
import { renameAll } from "../../src/weights/rename.ts";

const rename = (names: string[], ...typed: [from: string, to: string][]) => [
  ...renameAll(
    names,
    typed.map(([from, to]) => ({ from, to })),
    "a.pth",
  ).values(),
];

describe("renameAll", () => {
  test("replaces whole parts, one or more, wherever they are", () => {
    expect(rename(["net.conv.weight", "net2.conv.bias"], ["net", "a.b"])).toEqual([
      "a.b.conv.weight",
      "net2.conv.bias",
    ]);
    expect(rename(["x.a.b.a.b", "x.a.c"], ["a.b", "d"])).toEqual(["x.d.d", "x.a.c"]);
    expect(rename(["x.bn.beta"], ["beta", "bias"])).toEqual(["x.bn.bias"]);
  });

  test("leaves parts out that become nothing, and goes on with what the one before made", () => {
    expect(rename(["net.body.a", "head.b"], ["net.body", ""], ["a", "c"])).toEqual(["c", "head.b"]);
  });

  test.each<[string, [string, string][], string]>([
    [
      "that nothing has",
      [["bn", "norm"]],
      'must contain "bn" as whole parts between dots, to become "norm", got ["a.c", "b.c"]',
    ],
    ["that makes two alike", [["a", "b"]], '"a.c" and "b.c" both become "b.c"'],
    ["that leaves nothing", [["a.c", ""]], 'must leave something of "a.c"'],
  ])("refuses one %s", (_, typed, message) => {
    expect(() => rename(["a.c", "b.c"], ...typed)).toThrow(message);
    expect(() => rename(["a.c", "b.c"], ...typed)).toThrow(/^readWeights: a\.pth: /);
  });

  test("empty parts of odd names stay", () => {
    expect(rename(["", "a..b", "."], ["b", "c"])).toEqual(["", "a..c", "."]);
  });
});
