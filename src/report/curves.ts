import { formatPercent } from "./format.ts";
import { type Html, html } from "./html.ts";
import { type Point, renderLineChart, type Series } from "./line-chart.ts";
import type { Run } from "./read-run.ts";

/** The mean loss is taken over this share of the steps. */
const WINDOW = 1 / 100;

/** Charts of the loss, the learning rates and what validations found. */
export function renderCurves(run: Run): Html {
  const losses = run.steps.map(({ step, loss }): Point => [step, loss]);
  const window = smoothingWindow(run);
  const smoothed = { name: `mean of ${window} steps`, points: smooth(losses, window), color: 0 };
  const raw = { name: "each step", points: losses, color: 0, faint: true };
  const validations: Series[] = [
    { name: "mean IoU", points: run.validations.map(({ step, miou }) => [step, miou]) },
    { name: "pixel accuracy", points: run.validations.map((found) => [found.step, found.pixelAccuracy]) },
  ];
  return html`<div class="grid">
${renderLineChart({ title: "Validation", xLabel: "step", yLabel: "share", series: validations, formatY: formatPercent })}
${renderLineChart({ title: "Loss", xLabel: "step", yLabel: "loss, logarithmic", series: [raw, smoothed], logY: true })}
${renderLineChart({ title: "Learning rates", xLabel: "step", yLabel: "learning rate", series: learningRates(run) })}
</div>`;
}

/** Curves of several runs over each other. */
export function renderCommonCurves(runs: readonly Run[], names: readonly string[]): Html {
  const series = (pointsOf: (run: Run) => Point[]): Series[] =>
    runs.map((run, index) => ({ name: names[index] ?? run.name, points: pointsOf(run) }));
  const mious = series((run) => run.validations.map(({ step, miou }) => [step, miou]));
  const accuracies = series((run) => run.validations.map(({ step, pixelAccuracy }) => [step, pixelAccuracy]));
  const losses = series((run) =>
    smooth(
      run.steps.map(({ step, loss }) => [step, loss]),
      smoothingWindow(run),
    ),
  );
  return html`<div class="grid">
${renderLineChart({ title: "Mean IoU on validation photos", xLabel: "step", yLabel: "mean IoU", series: mious, formatY: formatPercent })}
${renderLineChart({ title: "Pixel accuracy on validation photos", xLabel: "step", yLabel: "pixel accuracy", series: accuracies, formatY: formatPercent })}
${renderLineChart({ title: "Loss, mean of 1 % of the steps", xLabel: "step", yLabel: "loss, logarithmic", series: losses, logY: true })}
</div>`;
}

function smoothingWindow({ steps }: Run): number {
  return Math.max(1, Math.round(steps.length * WINDOW));
}

/** Each value as the mean of itself and those before it, `window` of them or as many as there are. */
export function smooth(points: readonly Point[], window: number): Point[] {
  let sum = 0;
  return points.map(([x, y], index) => {
    sum += y - (index >= window ? (points[index - window]?.[1] ?? 0) : 0);
    return [x, sum / Math.min(index + 1, window)];
  });
}

/** One curve where encoder and decoder learn alike. */
function learningRates({ steps }: Run): Series[] {
  const encoder = steps.map(({ step, learningRate }): Point => [step, learningRate[0]]);
  const decoder = steps.map(({ step, learningRate }): Point => [step, learningRate[1]]);
  if (steps.every(({ learningRate: [first, second] }) => first === second))
    return [{ name: "encoder and decoder", points: encoder }];
  return [
    { name: "encoder", points: encoder },
    { name: "decoder", points: decoder },
  ];
}
