import { describe, expect, it } from "vitest";
import { FieldAverage, sideOf } from "../../src/studies/field-map.ts";

describe("FieldAverage", () => {
  it("moves each map so that its unit lies in the middle", () => {
    const average = new FieldAverage([2, 3]);
    average.add([1, 0, 0, 0, 0, 0], { row: 0, column: 0 });
    average.add([0, 0, 0, 0, 0, 3], { row: 1, column: 2 });
    const { width, height, values, side } = average.finish();
    expect([width, height]).toEqual([6, 4]);
    expect(values[2 * width + 3]).toBe(2);
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(2);
    expect(side).toBe(1);
  });

  it("leaves out what most maps do not reach", () => {
    const average = new FieldAverage([1, 2]);
    for (const column of [0, 0, 1]) average.add([8, 8], { row: 0, column });
    // Columns 2 and 3 are reached by all or two of the maps, column 1 by one alone.
    expect([...average.finish().values.subarray(4)]).toEqual([0, 0, 8, 8]);
  });
});

describe("sideOf", () => {
  it("is the root of the number of values above 4.55 % of the largest", () => {
    expect(sideOf(Float32Array.of(100, 4.6, 4.5, 50, 5))).toBe(2);
    expect(sideOf(new Float32Array(4))).toBe(0);
  });
});
