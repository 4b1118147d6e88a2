import { describe, expect, it } from "vitest";
import { renderLargestConfusions } from "../../src/report/confusions.ts";
import { renderHeatMap } from "../../src/report/heat-map.ts";
import type { RunEvaluation } from "../../src/runs/evaluation-file.ts";
import { checkPage } from "../html/check-page.ts";
import { rowsOf } from "../html/rows.ts";
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
  it("divides each row by its sum, and colours by the root", () => {
    const drawing = render(evaluation);
    const titles = [...drawing.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      "&lt;sky&gt; found: 75.0 % (6 of 8 pixels)",
      "&lt;sky&gt; taken for road: 25.0 % (2 of 8 pixels)",
      "road taken for &lt;sky&gt;: 50.0 % (1 of 2 pixels)",
      "road found: 50.0 % (1 of 2 pixels)",
    ]);
    // Roots of 0.75, 0.25, 0.5 and 0.5.
    expect(drawing.match(/fill-opacity="[^"]*"/g)?.map((text) => text.slice(14, -1))).toEqual([
      "0.87",
      "0.50",
      "0.71",
      "0.71",
    ]);
    expect(drawing).toContain('text-anchor="middle">75.0</text>');
  });

  it("leaves cells without pixels empty, whole rows too", () => {
    const drawing = render({
      ...evaluation,
      confusion: [
        [0, 0],
        [3, 0],
      ],
    });
    expect(drawing.match(/<title>/g)?.length).toBe(1);
    expect(drawing).toContain("road taken for &lt;sky&gt;: 100.0 % (3 of 3 pixels)");
  });

  it("writes numbers for up to 12 classes", () => {
    expect(render(diagonal(12))).toContain(">100.0</text>");
    expect(render(diagonal(13))).not.toContain(">100.0</text>");
  });

  it("draws all of 60 classes, and of more those with the most pixels", () => {
    expect(render(diagonal(60))).not.toContain("Drawn:");
    const drawing = render(diagonal(62));
    expect(drawing).toContain("Drawn: the 60 classes with the most pixels.");
    expect(drawing.match(/<title>/g)?.length).toBe(60);
    expect(drawing).not.toContain(">class 1 of a long name<");
    expect(drawing).toContain(">class 2 of a long name<");
  });

  it("shortens names beside it, but not those that one points at", () => {
    const name = "furniture, fixtures and fittings";
    const drawing = render({ ...evaluation, classes: [name, "road"] });
    expect(drawing).toContain(">furniture, fixtures a…</text>");
    expect(drawing).toContain(`<title>${name} found: `);
  });
});

describe("renderLargestConfusions", () => {
  it("orders pairs by their wrong pixels", () => {
    const table = renderLargestConfusions(evaluation);
    // 2 of 8 pixels of the sky and 1 of 2 of the road are wrong: 2 and 1 of 3 errors.
    expect(rowsOf(table)).toEqual([
      "&lt;sky&gt; taken for road|25.0 %|66.7 %",
      "road taken for &lt;sky&gt;|50.0 %|33.3 %",
    ]);
  });

  it("lists 8 at most, and says where there are none", () => {
    const counts = Array.from({ length: 4 }, () => [1, 1, 1, 1]);
    const table = String(renderLargestConfusions({ ...diagonal(4), confusion: counts }));
    expect(table.match(/taken for/g)?.length).toBe(8);
    expect(String(renderLargestConfusions(diagonal(3)))).toBe("<p>No pixel is wrong.</p>");
  });
});
