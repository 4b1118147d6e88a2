import { describe, expect, it } from "vitest";
import { blurRadius, checkLook, type Look, strengthsOf } from "../../../src/browser/painting/look.ts";

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

describe("checkLook", () => {
  it.each<[Look, string]>([
    [{ before: 30 }, "paint: before must be a number from 0 to 1, got 30"],
    [{ before: Number.NaN }, "paint: before must be a number from 0 to 1, got NaN"],
    [{ strengths: [0, 1, 1.5] }, "paint: strengths must be a number from 0 to 1, got 1.5"],
  ])("refuses %o", (look, message) => {
    expect(() => checkLook(look)).toThrow(message);
  });

  it("takes the ends of the ranges", () => {
    const look: Look = { before: 1, strengths: [0, 1], effect: "blur", edges: "soft" };
    expect(checkLook(look)).toBe(look);
  });
});

describe("blurRadius", () => {
  it("grows with the picture", () => {
    expect(blurRadius(97)).toBe(4);
    expect(blurRadius(640)).toBe(11);
  });
});
