import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { encodeLabelPng } from "../../src/images/label-png.ts";
import { decodePng } from "../../src/images/node/png.ts";
import { labelsOf } from "./helpers.ts";

it("writes labels as they are, with a color for each", async () => {
  const labels = labelsOf(3, [0, 1, 2, 255, 1, 0]);
  const palette = [
    [1, 2, 3],
    [40, 50, 60],
  ] as const;
  const png = await encodeLabelPng(labels, palette, async (rows) => deflateSync(rows));
  const { width, height, samples, palette: colors } = decodePng(png, "labels.png", () => undefined);
  expect({ width, height, data: samples }).toEqual(labels);
  expect(colors).toHaveLength(3 * 256);
  expect([...colors.subarray(0, 6)]).toEqual([1, 2, 3, 40, 50, 60]);
  // Those without a color of their own have that of VOC's border.
  expect([...colors.subarray(6, 9), ...colors.subarray(3 * 255)]).toEqual([224, 224, 192, 224, 224, 192]);
});
