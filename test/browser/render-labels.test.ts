import { expect, it } from "vitest";
import { renderLabels } from "../../src/browser/render-labels.ts";
import { decodeMask } from "../../src/images/node/mask.ts";

it("writes a palette PNG that reads back as the same labels", async () => {
  const labels = Uint8Array.of(0, 1, 255, 1, 1, 0);
  const palette = [[0, 0, 0] as const, [10, 200, 30] as const];
  const png = await renderLabels({ width: 3, height: 2, labels, palette });
  expect(png.type).toBe("image/png");
  const bytes = new Uint8Array(await png.arrayBuffer());
  expect(decodeMask(bytes, "labels.png")).toEqual({ width: 3, height: 2, data: labels });
  // Behind the signature (8) and the header (25): the length and the type of the palette, then its colors.
  expect([...bytes.subarray(41, 47)]).toEqual([0, 0, 0, 10, 200, 30]);
});
