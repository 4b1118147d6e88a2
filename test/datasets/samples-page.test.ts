import { describe, expect, it } from "vitest";
import { checkDataset } from "../../src/datasets/check.ts";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { drawMask, drawSample } from "../../src/datasets/sample-panels.ts";
import { renderSamplesPage } from "../../src/datasets/samples-page.ts";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { checkPage } from "../html/check-page.ts";
import { findAll, rowsOf, textsOf } from "../html/read-markup.ts";

const palette = [
  [0, 128, 0],
  [10, 20, 30],
] as const;
const width = 16;
const height = 8;

/** Left half the first class; right half ignored in the rows 0 to 3 and the second class below. */
const map = {
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, pixel) =>
    pixel % width < 8 ? 0 : pixel < 64 ? 255 : 1,
  ),
};
const photo = { width, height, data: new Uint8Array(3 * width * height).fill(100) };

const dataset: Dataset = {
  name: "garden",
  split: "train",
  labels: { classes: ["grass", "<b>path & more</b>"], palette, ignoreLabel: 255 },
  size: 6,
  ids: ["s0", "s1", "s2", "s3", "s4", "s5"],
  async load(index) {
    return { id: `s${index}`, photo, labels: map };
  },
};

async function render(samples: number): Promise<string> {
  const check = await checkDataset(dataset);
  return renderSamplesPage({
    name: "garden",
    splits: [
      { split: "train", issues: check.issues, checked: { dataset, check } },
      { split: "val", issues: [{ severity: "error", message: "val.txt <is> missing" }] },
    ],
    shared: [{ severity: "warning", message: "s0 is in both" }],
    samples,
  });
}

describe("sample panels", () => {
  const pixel = (picture: { data: Uint8Array }, x: number, y: number) => [
    ...picture.data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
  ];

  it("draws ignored pixels in stripes", () => {
    const mask = drawMask(map, palette);
    expect([pixel(mask, 0, 0), pixel(mask, 8, 7)]).toEqual([
      [0, 128, 0],
      [10, 20, 30],
    ]);
    // (x + y) mod 8 of 0..3 is dark, 4..7 light.
    expect([8, 11, 12, 15].map((x) => pixel(mask, x, 0)[0])).toEqual([40, 40, 224, 224]);
    expect(pixel(mask, 11, 1)[0]).toBe(224);
  });

  it("lets the photo through between the stripes of an overlay", () => {
    const overlay = drawSample(photo, map, palette);
    expect([9, 11, 12, 15].map((x) => pixel(overlay, x, 0)[0])).toEqual([40, 224, 100, 100]);
    // Half the photo, half the color: (100 + 10) / 2, (100 + 20) / 2, (100 + 30) / 2.
    expect(pixel(overlay, 12, 7)).toEqual([55, 60, 65]);
    expect(photo.data.every((value) => value === 100)).toBe(true);
  });
});

describe("renderSamplesPage", () => {
  it("shows samples spread over the split, with three pictures each that are in the page", async () => {
    const html = await render(3);
    expect(textsOf(html, "figcaption").map((text) => text.split(" ")[0])).toEqual(["s0,", "s2,", "s4,"]);
    const pictures = findAll(html, "img").map(({ attributes }) => attributes);
    expect(pictures).toHaveLength(9);
    const mask = await decodePhoto(Buffer.from(pictures[1]?.src?.split(",")[1] ?? "", "base64"));
    expect(mask).toEqual(drawMask(map, palette));
    expect(pictures.at(-1)?.alt).toBe("overlay of s4");
  });

  it("shows all samples where there are fewer than asked for, and none for 0", async () => {
    expect(findAll(await render(100), "figure")).toHaveLength(6);
    expect(findAll(await render(0), "figure")).toEqual([]);
  });

  it("escapes names, counts, tells faults, and has neither scripts nor addresses", async () => {
    const html = await render(1);
    checkPage(html);
    expect(rowsOf(html)).toEqual(["grass|50.00 %|6", "<b>path & more</b>|25.00 %|6", "ignored|25.00 %|6"]);
    expect(textsOf(html, "li").slice(-2)).toEqual([
      expect.stringMatching(/^error val\.txt <is> missing/),
      expect.stringMatching(/^warning s0 is in both/),
    ]);
    expect(html).toContain("6 samples, 6 without error; width 16 / 16 / 16, height 8 / 8 / 8");
    expect(html).not.toMatch(/https?:/);
  });
});
