import { describe, expect, it } from "vitest";
import { blurRadius, strengthsOf } from "../../../src/browser/painting/look.ts";

describe("strengthsOf", () => {
  it("covers all classes by half, and chooses all but the background", () => {
    expect(strengthsOf({}, 3)).toEqual([0.5, 0.5, 0.5]);
    expect(strengthsOf({ effect: "blur" }, 3)).toEqual([0, 1, 1]);
    expect(strengthsOf({ effect: "cutout" }, 2)).toEqual([0, 1]);
  });

  it("takes what is given, and the usual for classes beyond it", () => {
    expect(strengthsOf({ strengths: [0, 0.25] }, 4)).toEqual([0, 0.25, 0.5, 0.5]);
    expect(strengthsOf({ effect: "cutout", strengths: [1, 0, 1, 1] }, 3)).toEqual([1, 0, 1]);
  });
});

describe("blurRadius", () => {
  it("grows with the picture", () => {
    expect(blurRadius(97)).toBe(4);
    expect(blurRadius(640)).toBe(11);
  });
});
