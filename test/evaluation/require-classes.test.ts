import { expect, it } from "vitest";
import type { LabelSpace } from "../../src/datasets/dataset.ts";
import { requireClasses } from "../../src/evaluation/require-classes.ts";
import { IGNORE_LABEL, vocPalette } from "../../src/images/palette.ts";

const labels: LabelSpace = { classes: ["sky", "road"], palette: vocPalette(2), ignoreLabel: IGNORE_LABEL };
const check = (classes: readonly string[], placeholderClasses = false) =>
  requireClasses(
    { classes, placeholderClasses },
    { name: "street", labels },
    { where: "quantize", hint: "h" },
  );

it("wants the names of the data set in its order, or placeholders for as many", () => {
  expect(() => check(["sky", "road"])).not.toThrow();
  expect(() => check(["class 0", "class 1"], true)).not.toThrow();
  for (const [classes, isPlaceholder] of [
    [["road", "sky"], false],
    [["a", "b"], false],
    [["sky"], false],
    [["class 0"], true],
  ] as const)
    expect(() => check(classes, isPlaceholder)).toThrow(
      /model must have the 2 classes of street \(sky, road\)/,
    );
});
