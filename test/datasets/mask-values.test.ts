import { describe, expect, it } from "vitest";
import { indexValues, mapMaskValues } from "../../src/datasets/mask-values.ts";

const values = new Map([
  [0, 255],
  [1, 0],
  [2, 1],
]);

describe("mapMaskValues", () => {
  it("maps each value and leaves the mask alone", () => {
    const mask = { width: 2, height: 2, data: Uint8Array.of(0, 1, 2, 1) };
    expect(mapMaskValues(mask, values, "a.png")).toEqual({
      width: 2,
      height: 2,
      data: Uint8Array.of(255, 0, 1, 0),
    });
    expect([...mask.data]).toEqual([0, 1, 2, 1]);
  });

  it("names the file, the value and the first pixel of an unknown value", () => {
    const mask = { width: 2, height: 3, data: Uint8Array.of(0, 1, 2, 7, 9, 9) };
    expect(() => mapMaskValues(mask, values, "a.png")).toThrow(
      /a\.png: \w+ must only hold the mask values 0, 1, 2, got "7 at column 1, row 1"/,
    );
  });
});

it("takes values for the places of classes, and one for what is ignored", () => {
  expect([...indexValues(["sky", "road"])]).toEqual([
    [0, 0],
    [1, 1],
    [255, 255],
  ]);
  expect(indexValues(["sky", "road"], 2).get(2)).toBe(255);
});
