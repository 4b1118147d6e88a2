import { renderCommonClasses } from "./classes.ts";
import { renderCommonCurves } from "./curves.ts";
import { formatPercent, formatSeconds } from "./format.ts";
import { type Html, html, renderSection, renderTable } from "./html.ts";
import { renderPage } from "./page.ts";
import type { Run } from "./read-run.ts";
import { renderRecipeDifferences } from "./recipe.ts";
import { summarizeRun } from "./summary.ts";

/** The page that sets runs side by side: results, curves, what differs in their recipes, and each class. */
export function renderComparison(runs: readonly Run[]): string {
  const names = nameApart(runs);
  const title = `${runs.length} runs compared`;
  const body = [
    html`<header><h1>${title}</h1></header>`,
    renderSection("Results", renderResults(runs, names)),
    renderSection("Curves", renderCommonCurves(runs, names)),
    renderSection("Recipes", renderRecipeDifferences(runs, names)),
    renderSection("Classes", renderCommonClasses(runs, names)),
  ];
  return renderPage({ title, body });
}

function renderResults(runs: readonly Run[], names: readonly string[]): Html {
  const summaries = runs.map(summarizeRun);
  const highest = Math.max(...summaries.map(({ best }) => best?.miou ?? -1));
  return renderTable({
    caption: "mean IoU is that of the validation photos; time is that of the steps alone",
    head: [
      "run",
      "network",
      "data set",
      "best mean IoU",
      "at step",
      "last",
      "steps",
      "state",
      "time",
      "parameters",
    ],
    numeric: true,
    rows: summaries.map(({ network, dataset, best, last, step, state, seconds, parameters }, index) => [
      names[index],
      network,
      dataset,
      best?.miou === highest
        ? html`<span class="best">${formatPercent(highest)}</span>`
        : formatPercent(best?.miou),
      best ? best.step.toLocaleString("en") : "–",
      formatPercent(last?.miou),
      step.toLocaleString("en"),
      state,
      formatSeconds(seconds),
      parameters === null ? "–" : parameters.toLocaleString("en"),
    ]),
  });
}

/** The names of the runs' folders, or their paths where two folders have the same name. */
function nameApart(runs: readonly Run[]): string[] {
  return runs.map(({ name, folder }) =>
    runs.filter((other) => other.name === name).length > 1 ? folder : name,
  );
}
