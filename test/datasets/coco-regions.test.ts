import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  drawRegion,
  hasExtent,
  type RegionSize,
  type Segmentation,
} from "../../src/datasets/coco-regions.ts";
import { lightsegError } from "../support/errors.ts";

/** The rows of a region, `#` inside. */
function draw(segmentation: Segmentation, size: RegionSize): string[] {
  const region = drawRegion(segmentation, size, "a.json", "annotation 1");
  return Array.from({ length: size.height }, (_, y) =>
    Array.from({ length: size.width }, (_, x) => (region[x * size.height + y] === 1 ? "#" : ".")).join(""),
  );
}

const size = { width: 6, height: 5 };

describe("drawRegion, polygons", () => {
  it("fills the pixels whose centre is inside", () => {
    expect(draw([[1, 1, 4, 1, 4, 3, 1, 3]], size)).toEqual([
      "......",
      ".###..",
      ".###..",
      "......",
      "......",
    ]);
    // The centres of column 1 and row 1, at 1.5, lie outside of it; those of column 3, at 3.5, inside.
    expect(draw([[1.6, 1.6, 3.6, 1.6, 3.6, 4, 1.6, 4]], size)).toEqual([
      "......",
      "......",
      "..##..",
      "..##..",
      "......",
    ]);
  });

  it("gives the pixels of pycocotools for a slanted outline", () => {
    // decode(frPyObjects([[0.5, 0.5, 5.5, 2.5, 0.5, 4.5]], 5, 6)[0]); column 0 is left out although its
    // centre is on the outline.
    expect(draw([[0.5, 0.5, 5.5, 2.5, 0.5, 4.5]], size)).toEqual([
      "......",
      ".##...",
      ".####.",
      ".##...",
      "......",
    ]);
  });

  it("leaves out by the even-odd rule what an outline encloses twice", () => {
    const outer = [0, 0, 6, 0, 6, 5, 0, 5];
    const inner = [2, 1, 4, 1, 4, 4, 2, 4];
    // One outline around both, out and back along the same line.
    const ring = [...outer, 0, 0, ...inner, 2, 1, 0, 0];
    expect(draw([ring], size)).toEqual(["######", "##..##", "##..##", "##..##", "######"]);
  });

  it("unites several polygons, overlapping or not", () => {
    const polygons = [
      [0, 0, 2, 0, 2, 2, 0, 2],
      [1, 1, 3, 1, 3, 3, 1, 3],
      [5, 4, 6, 4, 6, 5, 5, 5],
    ];
    expect(draw(polygons, size)).toEqual(["##....", "###...", ".##...", "......", ".....#"]);
  });

  it("cuts at the edges of the photo", () => {
    expect(draw([[-3, -2, 2, -2, 2, 99, -3, 99]], size)).toEqual(Array(5).fill("##...."));
    expect(draw([[5, 3, 99, 3, 99, 99, 5, 99]], size)).toEqual([
      ...Array(3).fill("......"),
      ".....#",
      ".....#",
    ]);
  });

  it("draws nothing for what has no area", () => {
    for (const polygon of [[], [1, 1], [1, 1, 1, 1, 1, 1]])
      expect(draw([polygon], size)).toEqual(Array(5).fill("......"));
  });

  it("does not depend on where an outline begins, nor on its direction", () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 50 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 3, maxLength: 8 }), fc.nat(7), (points, turn) => {
        const tenths = (corners: [number, number][]) => corners.flatMap(([x, y]) => [x / 10, y / 10]);
        const expected = draw([tenths(points)], size);
        const start = turn % points.length;
        expect(draw([tenths([...points.slice(start), ...points.slice(0, start)])], size)).toEqual(expected);
        expect(draw([tenths(points.toReversed())], size)).toEqual(expected);
      }),
    );
  });

  it("refuses half a point and coordinates far outside of any photo", () => {
    expect(() => draw([[1, 1, 2]], size)).toThrow(
      /annotation 1 must have polygons of x and y in turn, got 3/,
    );
    for (const far of [1e9, -65_537, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => draw([[1, 1, far, 4, 5, 5]], size)).toThrow(lightsegError("INVALID_DATASET", "load"));
  });
});

describe("drawRegion, runs", () => {
  it("reads runs down the columns, plain or packed", () => {
    const expected = [".#..", ".#..", "...."];
    expect(draw({ counts: [3, 2, 7], size: [3, 4] }, { width: 4, height: 3 })).toEqual(expected);
    expect(draw({ counts: "327", size: [3, 4] }, { width: 4, height: 3 })).toEqual(expected);
  });

  it("unpacks long and negative numbers, and differences from the fourth on", () => {
    // 40 is 8 + 32 more, then 1; the fourth is -30 from the second: 2 + 32 more, then -1; the fifth, 3 from
    // the third.
    const packed = draw({ counts: "5X13RO3", size: [8, 8] }, { width: 8, height: 8 });
    expect(packed).toEqual(draw({ counts: [5, 40, 3, 10, 6], size: [8, 8] }, { width: 8, height: 8 }));
  });

  it.each([
    ["another size", { counts: [20], size: [4, 5] }, /runs for a photo of 6x5, got "5x4"/],
    ["too few pixels", { counts: [10, 5], size: [5, 6] }, /runs of 30 pixels together, got 15/],
    [
      "too many pixels",
      { counts: [10, 1e12], size: [5, 6] },
      /runs of 30 pixels together, got 1000000000010/,
    ],
    ["a negative length", { counts: [31, -1], size: [5, 6] }, /runs of whole lengths, got -1/],
    ["half a length", { counts: [29.5, 0.5], size: [5, 6] }, /runs of whole lengths, got 29\.5/],
    ["text of other characters", { counts: "3 7", size: [5, 6] }, /well-formed packed runs, got " "/],
    ["text that ends too early", { counts: "5X", size: [5, 6] }, /got "text that ends within a number"/],
    ["a number without end", { counts: "XXXXXXXX1", size: [5, 6] }, /well-formed packed runs/],
  ] as [string, Segmentation, RegExp][])("refuses %s", (_, runs, message) => {
    expect(() => draw(runs, size)).toThrow(message);
    expect(() => draw(runs, size)).toThrow(lightsegError("INVALID_DATASET", "load"));
  });
});

describe("hasExtent", () => {
  it("wants a run inside, plain or packed", () => {
    const size = { width: 240, height: 320 };
    const runs = (counts: readonly number[] | string) => ({ counts, size: [320, 240] as const });
    // 76,800 is 0, 0 and 11 times 32, then 2 times 32 to the third.
    for (const counts of [[76_800], "PP[2"]) {
      expect(hasExtent(runs(counts), size)).toBe(false);
      expect(drawRegion(runs(counts), size, "a.json", "annotation 1").includes(1)).toBe(false);
    }
    for (const counts of [[76_799, 1], "ooZ21", [0, 76_800], "0PP[2"])
      expect(hasExtent(runs(counts), size)).toBe(true);
  });
});
