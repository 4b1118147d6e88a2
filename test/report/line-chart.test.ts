import { describe, expect, it } from "vitest";
import { type LineChartOptions, renderLineChart } from "../../src/report/line-chart.ts";
import { checkPage } from "../html/check-page.ts";
import { findAll, textOf, textsOf } from "../html/read-markup.ts";

function draw(options: Partial<LineChartOptions>): string {
  const chart = String(renderLineChart({ title: "T", yLabel: "y", series: [], steps: 10, ...options }));
  checkPage(chart);
  return chart;
}

/** The looks of the curves. */
const looksOf = (chart: string) => findAll(chart, "path").map(({ attributes }) => attributes.class);

/** Corners of the first curve, a list for each piece, as shares of the axes from left and below. */
function piecesOf(chart: string): number[][][] {
  const rows = findAll(chart, "line", "axis").map(({ attributes }) => attributes);
  const bottom = Number(rows[0]?.y1);
  const top = Number(rows.at(-1)?.y1);
  const [left, right] = [Number(rows[0]?.x1), Number(rows[0]?.x2)];
  const share = (at: number, from: number, to: number) =>
    Math.round(Math.abs((at - from) / (to - from)) * 1e3) / 1e3;
  const pieces = findAll(chart, "path")[0]?.attributes.d?.split("M").slice(1) ?? [];
  return pieces.map((piece) =>
    piece.split("L").map((corner) => {
      const [x, y] = corner.replace("h0", "").split(" ").map(Number);
      return [share(x ?? Number.NaN, left, right), share(y ?? Number.NaN, bottom, top)];
    }),
  );
}

/** The texts at an axis: those that begin, end or have their middle at their place. */
const labelsAt = (chart: string, anchor: string) =>
  findAll(chart, "text")
    .filter(({ attributes }) => attributes["text-anchor"] === anchor)
    .flatMap((text) => text.children);

describe("renderLineChart", () => {
  it("draws curves with dots that tell their values, and labels both axes", () => {
    const points = [
      [0, 0],
      [5, 0.5],
      [10, 1],
    ] as const;
    const chart = draw({ series: [{ name: "<loss>", points }] });
    expect(piecesOf(chart)).toEqual([points.map((point) => [point[0] / 10, point[1]])]);
    expect(textsOf(chart, "title")).toEqual([
      "<loss>",
      "<loss>, step 0: 0",
      "<loss>, step 5: 0.5",
      "<loss>, step 10: 1",
    ]);
    expect(labelsAt(chart, "end")).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1", "step"]);
    expect(labelsAt(chart, "middle")).toEqual(["0", "2", "4", "6", "8", "10"]);
  });

  it("leaves gaps at values that are not finite, or not above 0 on a logarithmic axis", () => {
    const points = [
      [0, 1],
      [1, Number.NaN],
      [2, 100],
      [3, -1],
      [4, Number.POSITIVE_INFINITY],
      [5, 10],
    ] as const;
    const pieces = piecesOf(draw({ series: [{ name: "a", points }], logY: true, steps: 6 }));
    expect(pieces).toEqual([[[0, 0]], [[0.333, 1]], [[0.833, 0.5]]]);
  });

  it("draws no axis without values", () => {
    const chart = draw({ series: [{ name: "a", points: [[1, Number.NaN]] }], steps: 0 });
    expect(labelsAt(chart, "middle")).toEqual(["no values yet"]);
    expect(findAll(chart, "line")).toEqual([]);
  });

  it("keeps 100,000 steps small, and every spike", () => {
    const points = Array.from({ length: 100_000 }, (_, step) => [step, step === 77_777 ? 9 : 1] as const);
    const chart = draw({ series: [{ name: "a", points, faint: true }], steps: 100_000 });
    expect(chart.length).toBeLessThan(20_000);
    // The lines of the axis end at the last round value, the chart at the spike.
    const corners = piecesOf(chart).flat();
    const highest = corners.reduce((one, other) => ((other[1] ?? 0) > (one[1] ?? 0) ? other : one));
    expect(highest[0]).toBeCloseTo(0.778, 3);
    expect(findAll(chart, "circle")).toEqual([]);
    expect(labelsAt(chart, "middle")).toContain("100,000");
  });

  it("has whole steps only below the axis", () => {
    const chart = draw({ series: [{ name: "a", points: [[1, 2]] }], steps: 1 });
    expect(labelsAt(chart, "middle")).toEqual(["0", "1"]);
  });

  it("dashes curves whose color is there already", () => {
    const series = Array.from({ length: 10 }, (_, i) => ({ name: `run ${i}`, points: [[1, i]] as const }));
    const chart = draw({ series });
    expect(looksOf(chart).slice(7)).toEqual(["curve c7", "curve c0 again", "curve c1 again"]);
    expect(textsOf(chart, "li")[9]).toBe("run 9");
    expect(findAll(findAll(chart, "li")[9], "span")[0]?.attributes.class).toBe("key f1 again");
  });

  it("marks steps, with names in two rows", () => {
    const chart = draw({
      series: [{ name: "a", points: [[1, 2]] }],
      marks: [
        { step: 4, name: "stage 2" },
        { step: 5, name: "<stage 3>" },
      ],
    });
    expect(findAll(chart, "line", "mark")).toHaveLength(2);
    const [first, second] = findAll(chart, "text").filter((text) => textOf(text).includes("stage"));
    expect([first, second].map((text) => text && textOf(text))).toEqual(["stage 2", "<stage 3>"]);
    expect(first?.attributes["text-anchor"]).toBe("start");
    expect(second?.attributes["text-anchor"]).toBe("end");
    expect(first?.attributes.y).not.toBe(second?.attributes.y);
  });
});
