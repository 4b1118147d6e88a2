import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeRunLengths } from "../../src/batch/run-length.ts";
import { drawRegion } from "../../src/datasets/coco-regions.ts";

it("writes runs down the columns, which read back as the pixels of a class", () => {
  const maps = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 }))
    .chain(([width, height]) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        labels: fc.uint8Array({ minLength: width * height, maxLength: width * height, max: 2 }),
      }),
    );
  fc.assert(
    fc.property(maps, ({ width, height, labels }) => {
      const counts = encodeRunLengths(labels, { width, height, label: 1 });
      // It gives them as they are stored, column by column.
      const columns = drawRegion({ counts, size: [height, width] }, { width, height }, "a.json", "a");
      const isClass = (at: number) => labels[(at % height) * width + Math.floor(at / height)] === 1;
      expect(columns).toEqual(columns.map((_, at) => Number(isClass(at))));
    }),
  );
});

it("writes runs as pycocotools does", () => {
  // 2 x 3 pixels, of which the second column and the pixel after it are the class: runs of 2, 3 and 1.
  const labels = Uint8Array.of(0, 1, 1, 0, 1, 0);
  expect(encodeRunLengths(labels, { width: 3, height: 2, label: 1 })).toBe("231");
});
