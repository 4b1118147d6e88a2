import { describe, expect, it } from "vitest";
import { type LineChartOptions, renderLineChart } from "../../src/report/line-chart.ts";
import { checkPage } from "../html/check-page.ts";

/** Steps 0 to 10 lie at x = 56 to 368, values 0 to 1 at y = 218 to 28. */
function draw(options: Partial<LineChartOptions>): string {
  const chart = String(renderLineChart({ title: "T", yLabel: "y", series: [], steps: 10, ...options }));
  checkPage(chart);
  return chart;
}
const pathsOf = (chart: string) =>
  [...chart.matchAll(/<path class="([^"]*)" d="([^"]*)"/g)].map((m) => m.slice(1));

describe("renderLineChart", () => {
  it("draws curves with dots that tell their values, and labels both axes", () => {
    const points = [
      [0, 0],
      [5, 0.5],
      [10, 1],
    ] as const;
    const chart = draw({ series: [{ name: "<loss>", points }] });
    expect(pathsOf(chart)).toEqual([["curve c0", "M56 218L212 123L368 28"]]);
    expect(chart).toContain('cx="212" cy="123" r="3.5"><title>&lt;loss&gt;, step 5: 0.5</title>');
    expect(chart.match(/text-anchor="end">[\d.]+</g)?.map((text) => text.slice(18, -1))).toEqual([
      "0",
      "0.2",
      "0.4",
      "0.6",
      "0.8",
      "1",
    ]);
    expect(chart.match(/text-anchor="middle">\d+</g)?.length).toBe(6);
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
    const paths = pathsOf(draw({ series: [{ name: "a", points }], logY: true, steps: 6 }));
    expect(paths).toEqual([["curve c0", "M56 218h0M160 28h0M316 123h0"]]);
  });

  it("draws no axis without values", () => {
    const chart = draw({ series: [{ name: "a", points: [[1, Number.NaN]] }], steps: 0 });
    expect(chart).toContain("no values yet");
    expect(chart).not.toContain('class="axis"');
  });

  it("keeps 100,000 steps small, and every spike", () => {
    const points = Array.from({ length: 100_000 }, (_, step) => [step, step === 77_777 ? 9 : 1] as const);
    const chart = draw({ series: [{ name: "a", points, faint: true }], steps: 100_000 });
    expect(chart.length).toBeLessThan(20_000);
    // The spike is the highest value: the top of the chart, at 56 + 0.77777 x 312.
    expect(chart).toContain("L298.7 28L");
    expect(chart).not.toContain("<circle");
    expect(chart).toContain(">100,000</text>");
  });

  it("has whole steps only below the axis", () => {
    const chart = draw({ series: [{ name: "a", points: [[1, 2]] }], steps: 1 });
    expect(chart.match(/text-anchor="middle">[^<]+</g)).toEqual([
      'text-anchor="middle">0<',
      'text-anchor="middle">1<',
    ]);
  });

  it("dashes curves whose colour is there already", () => {
    const series = Array.from({ length: 10 }, (_, i) => ({ name: `run ${i}`, points: [[1, i]] as const }));
    const chart = draw({ series });
    expect(
      pathsOf(chart)
        .map(([look]) => look)
        .slice(7),
    ).toEqual(["curve c7", "curve c0 again", "curve c1 again"]);
    expect(chart).toContain('<span class="key f1 again"></span>run 9');
  });

  it("marks steps, with names in two rows", () => {
    const chart = draw({
      series: [{ name: "a", points: [[1, 2]] }],
      marks: [
        { step: 4, name: "stage 2" },
        { step: 5, name: "<stage 3>" },
      ],
    });
    expect(chart).toContain('<line class="mark" x1="212" x2="212"');
    expect(chart).toContain('x="184.8" y="40" text-anchor="start">stage 2</text>');
    expect(chart).toContain('x="208" y="55" text-anchor="end">&lt;stage 3&gt;</text>');
  });
});
