import { describe, expect, it } from "vitest";
import { slideWindow } from "../../src/graph/ops/window.ts";
import {
  broadcastShapes,
  countValues,
  type Dim,
  featureMapShape,
  fixedShape,
  formatDim,
  formatShape,
  sameDim,
  sameShape,
  shiftDim,
  symbol,
} from "../../src/graph/shape.ts";
import { invalidGraph } from "../support/errors.ts";

const [h, w] = [symbol("H"), symbol("W")];

/** The value of an expression such as `floor((H+1)/2)-1`. */
function evaluate(expression: string, size: number): number {
  return Number(new Function("floor", "H", `return ${expression}`)(Math.floor, size));
}

describe("dimensions", () => {
  it("are the same number or the same expression", () => {
    expect(sameDim(3, 3)).toBe(true);
    expect(sameDim(3, 4)).toBe(false);
    expect(sameDim(h, symbol("H"))).toBe(true);
    expect(sameDim(h, w)).toBe(false);
    expect(sameDim(3, symbol("3"))).toBe(false);
  });

  it("make up equal shapes axis by axis", () => {
    expect(sameShape([], [])).toBe(true);
    expect(sameShape([1, 3, h, w], [1, 3, symbol("H"), symbol("W")])).toBe(true);
    expect(sameShape([1, 3, h, w], [1, 3, w, h])).toBe(false);
    expect(sameShape([1, 3], [1, 3, 1])).toBe(false);
    expect(sameShape([1, 3, 1], [1, 3])).toBe(false);
  });

  it("are written as they read", () => {
    expect(formatDim(7)).toBe("7");
    expect(formatDim(h)).toBe("H");
    expect(formatShape([1, 3, h, w])).toBe("[1, 3, H, W]");
    expect(formatShape([])).toBe("[]");
  });

  it("count values", () => {
    expect(countValues([])).toBe(1);
    expect(countValues([2, 3, 4])).toBe(24);
    expect(countValues([2, 0])).toBe(0);
  });
});

describe("slideWindow", () => {
  const slide = (size: number, kernel: number, stride: number, padding: number, dilation = 1) =>
    slideWindow("test", size, { kernel, stride, padding, dilation });

  it("counts the places of a window", () => {
    expect(slide(5, 1, 1, 0)).toBe(5);
    expect(slide(5, 3, 1, 1)).toBe(5);
    expect(slide(5, 3, 1, 0)).toBe(3);
    expect(slide(6, 3, 2, 1)).toBe(3);
    expect(slide(7, 3, 2, 1)).toBe(4);
    expect(slide(8, 3, 3, 0)).toBe(2);
    expect(slide(3, 3, 7, 0)).toBe(1);
    expect(slide(7, 3, 1, 0, 3)).toBe(1);
    expect(slide(7, 3, 2, 2, 2)).toBe(4);
  });

  it("agrees with trying every place", () => {
    for (let size = 1; size < 12; size++) {
      for (let kernel = 1; kernel < 6; kernel++) {
        for (let stride = 1; stride < 4; stride++) {
          for (let padding = 0; padding < 3; padding++) {
            let fits = 0;
            for (let start = 0; start + kernel <= size + 2 * padding; start += stride) fits++;
            if (fits > 0) expect(slide(size, kernel, stride, padding)).toBe(fits);
          }
        }
      }
    }
  });

  it.each([
    ["kernel", 0],
    ["stride", 0],
    ["dilation", 1.5],
    ["padding", 0.5],
    ["padding", -1],
  ])("refuses a %s of %d", (argument, value) => {
    const window = { kernel: 3, stride: 1, padding: 0, dilation: 1, [argument]: value };
    expect(() => slideWindow("test", 8, window)).toThrow(
      new RegExp(`test: ${argument} must be a whole number`),
    );
  });

  it("refuses a window that fits nowhere", () => {
    expect(() => slide(2, 3, 1, 0)).toThrow(invalidGraph("test"));
    expect(() => slide(1, 4, 2, 1)).toThrow(invalidGraph("test"));
    expect(() => slide(6, 3, 1, 0, 3)).toThrow(invalidGraph("test"));
  });

  it("writes down what it does to a symbol", () => {
    const of = (kernel: number, stride: number, padding: number) =>
      formatDim(slideWindow("test", h, { kernel, stride, padding, dilation: 1 }));
    expect(of(3, 1, 1)).toBe("H");
    expect(of(3, 1, 0)).toBe("H-2");
    expect(of(1, 1, 2)).toBe("H+4");
    expect(of(3, 2, 1)).toBe("floor((H+1)/2)");
    expect(of(2, 2, 1)).toBe("floor((H)/2)+1");
    expect(of(2, 2, 2)).toBe("floor((H)/2)+2");
  });

  it("gives one expression to windows that always have equally many places", () => {
    const half = (kernel: number, padding: number) =>
      slideWindow("test", h, { kernel, stride: 2, padding, dilation: 1 });
    expect(sameDim(half(1, 0), half(3, 1))).toBe(true);
    expect(sameDim(half(1, 0), shiftDim(half(5, 3), -1))).toBe(true);
    expect(sameDim(half(1, 0), half(3, 0))).toBe(false);
  });

  it("computes the same from a symbol and from its number", () => {
    for (let size = 3; size < 9; size++) {
      for (let kernel = 1; kernel < 4; kernel++) {
        for (let stride = 1; stride < 5; stride++) {
          for (let padding = 0; padding < 5; padding++) {
            const window = { kernel, stride, padding, dilation: 1 };
            const twice = (dim: Dim) =>
              slideWindow("test", shiftDim(slideWindow("test", dim, window), 3), window);
            expect(evaluate(formatDim(twice(h)), size)).toBe(twice(size));
          }
        }
      }
    }
  });

  it("gives equal expressions along paths of equal windows", () => {
    const half = { kernel: 3, stride: 2, padding: 1, dilation: 1 };
    const pool = { kernel: 5, stride: 1, padding: 2, dilation: 1 };
    const a = slideWindow("test", slideWindow("test", h, half), half);
    const b = slideWindow("test", slideWindow("test", slideWindow("test", h, half), pool), half);
    expect(sameDim(a, b)).toBe(true);
  });
});

describe("broadcastShapes", () => {
  it("matches trailing axes and repeats extents of 1", () => {
    expect(broadcastShapes("test", [2, 3, 4], [3, 1])).toEqual([2, 3, 4]);
    expect(broadcastShapes("test", [3, 1], [2, 3, 4])).toEqual([2, 3, 4]);
    expect(broadcastShapes("test", [1, 4], [3, 1])).toEqual([3, 4]);
    expect(broadcastShapes("test", [], [5])).toEqual([5]);
    expect(broadcastShapes("test", [1, 3, h, w], [3, 1, 1])).toEqual([1, 3, h, w]);
    expect(broadcastShapes("test", [1, w], [h, 1])).toEqual([h, w]);
  });

  it("refuses what does not fit", () => {
    expect(() => broadcastShapes("test", [2, 3], [2])).toThrow(invalidGraph("test"));
    expect(() => broadcastShapes("test", [h], [w])).toThrow(invalidGraph("test"));
    expect(() => broadcastShapes("test", [h], [8])).toThrow(invalidGraph("test"));
    expect(() => broadcastShapes("test", [2, 3], [2])).toThrow("[2, 3] and [2]");
  });
});

describe("what an op asks of a shape", () => {
  it("fixedShape gives numbers alone", () => {
    expect(fixedShape("test", [1, 2])).toEqual([1, 2]);
    expect(() => fixedShape("test", [1, h])).toThrow(invalidGraph("test"));
  });

  it("featureMapShape gives four extents with a number of channels", () => {
    expect(featureMapShape("test", [symbol("N"), 3, h, w])).toEqual([symbol("N"), 3, h, w]);
    for (const shape of [[], [3, 4, 5], [1, 3, 4, 5, 6], [1, symbol("C"), 4, 5]]) {
      expect(() => featureMapShape("test", shape)).toThrow(invalidGraph("test"));
    }
  });
});
