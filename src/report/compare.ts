import { invalidArgument } from "../check.ts";
import { renderSection, renderTable } from "../html/elements.ts";
import { formatCount, formatPercent, formatSeconds } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { renderPage } from "../html/page.ts";
import { plural } from "../plural.ts";
import { checkRun, type Run } from "../runs/read-run.ts";
import { renderCommonClasses, renderShares } from "./classes.ts";
import { renderCommonCurves } from "./curves.ts";
import { renderRecipeDifferences } from "./recipe.ts";
import { summarizeRun } from "./summary.ts";

const unlike = html`<p class="warning">The photos that the runs were validated on differ in data set, folder or split: their mean IoUs may not compare.</p>\n`;

/** The page that sets runs side by side: results, curves, what differs in their recipes, and each class. */
export function renderComparison(runs: readonly Run[]): string {
  if (!Array.isArray(runs)) throw invalidArgument("renderComparison", "runs", "must be an array", runs);
  for (const run of runs) checkRun(run, "renderComparison");
  const names = nameApart(runs);
  const highlight = new Set(runs.map(measuredOn)).size === 1;
  const title = `${plural(runs.length, "run")} compared`;
  const body = [
    html`<header><h1>${title}</h1></header>`,
    renderSection("Results", [highlight ? undefined : unlike, renderResults(runs, names, { highlight })]),
    renderSection("Curves", renderCommonCurves(runs, names)),
    renderSection("Recipes", renderRecipeDifferences(runs, names)),
    renderSection("Classes", renderCommonClasses(runs, names, { highlight })),
  ];
  return renderPage({ title, body });
}

function renderResults(
  runs: readonly Run[],
  names: readonly string[],
  { highlight }: { highlight: boolean },
): Html {
  const summaries = runs.map(summarizeRun);
  const bests = renderShares(
    summaries.map(({ best }) => best?.miou),
    { highlight },
  );
  return renderTable({
    caption: "Mean IoU is that of the validation photos; time is that of the steps alone.",
    head: ["run", "best mean IoU", "at step", "last", "steps", "state", "time", "parameters"],
    numeric: true,
    rows: summaries.map(({ network, dataset, best, last, step, state, seconds, parameters }, index) => [
      html`${names[index]}<small>${network} on ${dataset}</small>`,
      bests[index],
      best ? formatCount(best.step) : "–",
      formatPercent(last?.miou),
      formatCount(step),
      state,
      formatSeconds(seconds),
      parameters === null ? "–" : formatCount(parameters),
    ]),
  });
}

/** Where the photos come from that a run's validations measure on. */
function measuredOn({ config: { dataset, data, validationSplit } }: Run): string {
  return JSON.stringify([dataset, data, validationSplit]);
}

/** The names of the runs' folders, or their paths where two folders have the same name. */
function nameApart(runs: readonly Run[]): string[] {
  return runs.map(({ name, folder }) =>
    runs.filter((other) => other.name === name).length > 1 ? folder : name,
  );
}
