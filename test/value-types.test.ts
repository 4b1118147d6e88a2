import { describe, expect, it } from "vitest";
import { integerType, listType, rangeType, realType, sizeType, textType } from "../src/value-types.ts";

describe("bounds", () => {
  it.each<[ReturnType<typeof realType>, number, string | undefined]>([
    [realType({ min: 0, max: 1 }), 0, undefined],
    [realType({ min: 0, max: 1 }), 1, undefined],
    [realType({ min: 0, max: 1 }), 1.1, "must be at most 1"],
    [realType({ min: 0, max: 1 }), -0.1, "must be at least 0"],
    [realType({ above: 0 }), 0, "must be greater than 0"],
    [realType({ above: 0 }), Number.POSITIVE_INFINITY, "must be a number greater than 0"],
    [realType({ above: 0, max: 1 }), Number.NaN, "must be a number greater than 0 and at most 1"],
    [integerType({ min: 1 }), 2 ** 53, "must be a whole number of at least 1"],
    [integerType({ min: 1, max: 9 }), 2.5, "must be a whole number from 1 to 9"],
  ])("of %o, with %d", (type, value, rule) => {
    expect(type.check(value)?.rule).toBe(rule);
  });
});

describe("texts", () => {
  it("are never empty, typed or out of a file", () => {
    expect(textType("X").read("")).toBeUndefined();
    expect(textType("X").check("")?.rule).toBe("must be a text that is not empty");
    expect(textType("X").check("a")).toBeUndefined();
  });
});

describe("read", () => {
  it.each([
    ["12", 12],
    [".5", 0.5],
    ["1e-3", 1e-3],
    ["-1", -1],
    ["-0", 0],
    ["0x10", undefined],
    ["Infinity", undefined],
    ["1,5", undefined],
    ["", undefined],
  ])("takes decimal numbers alone: %j", (text, value) => {
    expect(realType({}).read(text)).toBe(value);
  });

  it("takes sizes, ranges and texts of their form alone, and leaves bounds to check", () => {
    expect(sizeType(100).read("20x300")).toEqual([20, 300]);
    expect(sizeType(100).check([20, 300])).toEqual({ part: "", rule: "must be at most 100", value: 300 });
    for (const text of ["20", "20x", "20x30x4", "-2x3"]) expect(sizeType(100).read(text)).toBeUndefined();
    expect(rangeType.read("0.5,2")).toEqual([0.5, 2]);
    for (const text of ["0.5", "0.5,", "1,2,3"]) expect(rangeType.read(text)).toBeUndefined();
    expect(textType("X").read("")).toBeUndefined();
    expect(listType("NAMES").read("a, b")).toEqual(["a", "b"]);
    expect(listType("NAMES").check(["a", ""])?.rule).toMatch(/not empty/);
  });
});
