import { describe, expect, it } from "vitest";
import type { Color, Photo } from "../../src/images/types.ts";
import { drawComparison, renderComparedPhotos, renderComparedSvg } from "../../src/paper/compare.ts";

function flat(color: Color, width = 60, height = 30): Photo {
  const data = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) data.set(color, 3 * pixel);
  return { width, height, data };
}

const comparison = {
  columns: ["photo", "truth", "a model of a rather long name"],
  rows: [
    { id: "first & last", pictures: [flat([9, 9, 9]), flat([200, 0, 0]), flat([0, 0, 200])] },
    { id: "b", pictures: [flat([1, 2, 3], 30, 30), flat([0, 99, 0], 30, 30), flat([7, 7, 7], 30, 30)] },
  ],
  legend: [{ name: "sky", color: [0, 0, 200] as const }],
};

describe("a comparison of photos", () => {
  it("is drawn in rows and columns, each picture 240 pixels wide", () => {
    const { width, height, data } = drawComparison(comparison);
    expect([width, height]).toEqual([8 + 3 * 248, 26 + 120 + 8 + 240 + 8]);
    const at = (x: number, y: number) => [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
    expect([at(10, 30), at(260, 30), at(510, 140)]).toEqual([
      [9, 9, 9],
      [200, 0, 0],
      [0, 0, 200],
    ]);
    expect([at(10, 160), at(400, 390), at(740, 160)]).toEqual([
      [1, 2, 3],
      [0, 99, 0],
      [7, 7, 7],
    ]);
    expect(at(252, 160)).toEqual([255, 255, 255]);
  });

  it("is an SVG of the same layout that loads nothing", async () => {
    const svg = await renderComparedSvg(comparison);
    const images = [
      ...svg.matchAll(/<image x="(\d+)" y="(\d+)" width="240" height="(\d+)" href="data:image/g),
    ];
    expect(images.map(([, ...numbers]) => numbers.map(Number))).toEqual([
      [8, 26, 120],
      [256, 26, 120],
      [504, 26, 120],
      [8, 154, 240],
      [256, 154, 240],
      [504, 154, 240],
    ]);
    expect(svg).not.toMatch(/href="(?!data:)/);
  });

  it("is a page with a legend", async () => {
    const page = await renderComparedPhotos(comparison, "Models");
    expect(page.match(/<img src="data:/g)).toHaveLength(6);
    expect(page).toContain("first &amp; last");
    expect(page).toMatch(/rgb\(0, 0, 200\)"><\/span>sky/);
  });
});
