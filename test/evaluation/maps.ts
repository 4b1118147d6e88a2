import fc from "fast-check";
import type { LabelMap } from "../../src/images/types.ts";

/** A label map from rows of digits; a dot is an ignored pixel. */
export function drawMap(...rows: string[]): LabelMap {
  const data = Uint8Array.from(rows.join(""), (digit) => (digit === "." ? 255 : Number(digit)));
  return { width: rows[0]?.length ?? 0, height: rows.length, data };
}

/** Random true and predicted maps in blocks: up to 4 classes, 12 x 12 pixels. */
export function labelMaps({ ignored = true }: { ignored?: boolean } = {}) {
  const side = fc.integer({ min: 1, max: 6 });
  const label = fc.nat(3);
  const trueLabel = ignored
    ? fc.oneof({ weight: 4, arbitrary: label }, { weight: 1, arbitrary: fc.constant(255) })
    : label;
  return fc.tuple(side, side).chain(([width, height]) => {
    const blocks = (value: fc.Arbitrary<number>) =>
      fc
        .array(value, { minLength: width * height, maxLength: width * height })
        .map((labels) => enlarge({ width, height, data: Uint8Array.from(labels) }));
    return fc.record({ truth: blocks(trueLabel), prediction: blocks(label) });
  });
}

function enlarge({ width, height, data }: LabelMap): LabelMap {
  const pixels = Uint8Array.from({ length: 4 * data.length }, (_, i) => {
    const x = (i % (2 * width)) >> 1;
    const y = Math.floor(i / (2 * width)) >> 1;
    return data[y * width + x] ?? 0;
  });
  return { width: 2 * width, height: 2 * height, data: pixels };
}
