import { describe, expect, it } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { imagenetPreprocessing, normalizeInto } from "../../src/models/preprocessing.ts";

const photo = { width: 2, height: 1, data: Uint8Array.of(0, 128, 255, 255, 64, 0) };

describe("normalizeInto", () => {
  it("writes planes of (v / 255 - mean) / std", () => {
    const out = new Float32Array(6);
    normalizeInto(photo, imagenetPreprocessing, out, 0);
    const expected = [
      (0 - 0.485) / 0.229,
      (1 - 0.485) / 0.229,
      (128 / 255 - 0.456) / 0.224,
      (64 / 255 - 0.456) / 0.224,
      (1 - 0.406) / 0.225,
      (0 - 0.406) / 0.225,
    ];
    expected.forEach((value, i) => {
      expect(out[i]).toBeCloseTo(value, 6);
    });
  });

  it("writes at the offset and nowhere else", () => {
    const out = new Float32Array(8).fill(9);
    normalizeInto(photo, { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] }, out, 1);
    expect([...out]).toEqual([9, 0, 255, 128, 64, 255, 0, 9]);
  });

  it.each([-1, 3, 0.5])("refuses the offset %f into a tensor without room", (offset) => {
    expect(() => normalizeInto(photo, imagenetPreprocessing, new Float32Array(8), offset)).toThrow(
      LightsegError,
    );
  });
});
