import { describe, expect, it } from "vitest";
import { renderLargestConfusions } from "../../src/report/confusions.ts";
import { renderHeatMap } from "../../src/report/heat-map.ts";
import type { RunEvaluation } from "../../src/runs/evaluation-file.ts";
import { checkPage } from "../html/check-page.ts";
import { findAll, readMarkup, rowsOf, textOf, textsOf } from "../html/read-markup.ts";
import { evaluation } from "./run-files.ts";

/** Of so many classes; one pixel more of each class than of the one before, all right. */
function diagonal(count: number): RunEvaluation {
  const labels = Array.from({ length: count }, (_, label) => label);
  return {
    step: 1,
    classes: labels.map((label) => `class ${label} of a long name`),
    palette: labels.map(() => [0, 0, 0]),
    confusion: labels.map((row) => labels.map((column) => (row === column ? row + 1 : 0))),
    panels: [],
  };
}
const render = (given: RunEvaluation) => {
  const drawing = String(renderHeatMap(given));
  checkPage(drawing);
  return drawing;
};

describe("renderHeatMap", () => {
  it("divides each row by its sum, and colors by the root", () => {
    const drawing = render(evaluation);
    expect(textsOf(drawing, "title")).toEqual([
      "<sky> found: 75.0 % (6 of 8 pixels)",
      "<sky> taken for road: 25.0 % (2 of 8 pixels)",
      "road taken for <sky>: 50.0 % (1 of 2 pixels)",
      "road found: 50.0 % (1 of 2 pixels)",
    ]);
    // Roots of 0.75, 0.25, 0.5 and 0.5.
    const opacities = findAll(drawing, "rect").flatMap(({ attributes }) => attributes["fill-opacity"] ?? []);
    expect(opacities).toEqual(["0.87", "0.50", "0.71", "0.71"]);
    expect(textsOf(drawing, "text", "share")).toEqual(["75.0", "25.0", "50.0", "50.0"]);
  });

  it("leaves cells without pixels empty, whole rows too", () => {
    const drawing = render({
      ...evaluation,
      confusion: [
        [0, 0],
        [3, 0],
      ],
    });
    expect(textsOf(drawing, "title")).toEqual(["road taken for <sky>: 100.0 % (3 of 3 pixels)"]);
  });

  it("writes numbers for up to 12 classes", () => {
    expect(textsOf(render(diagonal(12)), "text", "share")).toEqual(new Array(12).fill("100.0"));
    expect(textsOf(render(diagonal(13)), "text", "share")).toEqual([]);
  });

  it("draws all of 60 classes, and of more those with the most pixels", () => {
    expect(render(diagonal(60))).not.toContain("Drawn:");
    const drawing = render(diagonal(62));
    expect(drawing).toContain("Drawn: the 60 classes with the most pixels.");
    expect(textsOf(drawing, "title")).toHaveLength(60);
    expect(textsOf(drawing, "text")).not.toContain("class 1 of a long name");
    expect(textsOf(drawing, "text")).toContain("class 2 of a long name");
  });

  it("shortens names beside it, but not those that one points at", () => {
    const name = "furniture, fixtures and fittings";
    const drawing = render({ ...evaluation, classes: [name, "road"] });
    expect(textsOf(drawing, "text")).toContain("furniture, fixtures a…");
    expect(textsOf(drawing, "title")[0]).toContain(`${name} found: `);
  });
});

describe("renderLargestConfusions", () => {
  it("orders pairs by their wrong pixels", () => {
    const table = renderLargestConfusions(evaluation);
    // 2 of 8 pixels of the sky and 1 of 2 of the road are wrong: 2 and 1 of 3 errors.
    expect(rowsOf(table)).toEqual([
      "<sky> taken for road|25.0 %|66.7 %",
      "road taken for <sky>|50.0 %|33.3 %",
    ]);
  });

  it("lists 8 at most, and says where there are none", () => {
    const counts = Array.from({ length: 4 }, () => [1, 1, 1, 1]);
    expect(rowsOf(renderLargestConfusions({ ...diagonal(4), confusion: counts }))).toHaveLength(8);
    const none = readMarkup(renderLargestConfusions(diagonal(3)));
    expect(textOf(none)).toBe("No pixel is wrong.");
  });
});
