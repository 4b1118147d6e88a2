import { formatNumber } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import type { Run } from "../runs/read-run.ts";
import { resolveStages } from "../training/config.ts";
import { type LineChartOptions, renderLineChart, type Series } from "./line-chart.ts";
import { averageStretches, type Point } from "./points.ts";

/** Means of the loss are taken over this share of the steps. */
const STRETCH = 1 / 100;

/** Charts of what validations found, the loss and the learning rates. */
export function renderCurves(run: Run): Html {
  const losses = run.steps.map(({ step, loss }): Point => [step, loss]);
  const length = stretchLength(run);
  const every: Series = { name: "each step", points: losses, color: 0, faint: length > 1 };
  const mean: Series = {
    name: `mean of ${length} steps`,
    points: averageStretches(losses, length),
    color: 0,
  };
  const validations: Series[] = [
    { name: "mean IoU", points: run.validations.map(({ step, miou }) => [step, miou]) },
    { name: "pixel accuracy", points: run.validations.map((found) => [found.step, found.pixelAccuracy]) },
  ];
  return renderCharts([run], stageStarts(run), [
    { title: "Validation", yLabel: "share", series: validations, formatY: formatShare },
    { title: "Loss", yLabel: "loss, logarithmic", series: length > 1 ? [every, mean] : [every], logY: true },
    { title: "Learning rates", yLabel: "learning rate", series: learningRates(run) },
  ]);
}

/** Curves of several runs over each other. */
export function renderCommonCurves(runs: readonly Run[], names: readonly string[]): Html {
  const series = (pointsOf: (run: Run) => Point[]): Series[] =>
    runs.map((run, index) => ({ name: names[index] ?? run.name, points: pointsOf(run) }));
  const mious = series((run) => run.validations.map(({ step, miou }) => [step, miou]));
  const accuracies = series((run) => run.validations.map(({ step, pixelAccuracy }) => [step, pixelAccuracy]));
  const losses = series((run) =>
    averageStretches(
      run.steps.map(({ step, loss }) => [step, loss]),
      stretchLength(run),
    ),
  );
  return renderCharts(
    runs,
    [],
    [
      { title: "Mean IoU on validation photos", yLabel: "mean IoU", series: mious, formatY: formatShare },
      {
        title: "Pixel accuracy on validation photos",
        yLabel: "pixel accuracy",
        series: accuracies,
        formatY: formatShare,
      },
      { title: "Loss, means of 1 % of the steps", yLabel: "loss, logarithmic", series: losses, logY: true },
    ],
  );
}

/** Charts side by side over the same steps. */
function renderCharts(
  runs: readonly Run[],
  marks: LineChartOptions["marks"],
  charts: readonly Omit<LineChartOptions, "steps" | "marks">[],
): Html {
  const steps = Math.max(...runs.map((run) => run.steps.at(-1)?.step ?? 0));
  return html`<div class="grid charts">
${charts.map((chart) => renderLineChart({ ...chart, steps, marks }))}</div>
`;
}

function stretchLength({ steps }: Run): number {
  return Math.max(1, Math.round(steps.length * STRETCH));
}

/** The steps after which the second and further stages of a training began. */
function stageStarts({ config, steps }: Run): { step: number; name: string }[] {
  let epochs = 0;
  return resolveStages(config).flatMap((stage, index) => {
    const first = steps.find(({ epoch }) => epoch > epochs);
    epochs += stage.epochs;
    return first && index > 0 ? [{ step: first.step - 1, name: `stage ${index + 1}` }] : [];
  });
}

/** As many digits as the labels of an axis need. */
function formatShare(share: number): string {
  return `${formatNumber(Number((100 * share).toPrecision(4)))} %`;
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
