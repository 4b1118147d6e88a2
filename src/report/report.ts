import { renderSection } from "../html/elements.ts";
import { formatCount, formatMoment, formatPercent, formatSeconds } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { renderPage } from "../html/page.ts";
import { checkRun, findBest, type Run } from "../runs/read-run.ts";
import { renderClasses } from "./classes.ts";
import { renderLargestConfusions } from "./confusions.ts";
import { renderCurves } from "./curves.ts";
import { findFaults } from "./faults.ts";
import { renderHeatMap } from "./heat-map.ts";
import { renderOrigin, renderRecipe } from "./recipe.ts";
import { summarizeRun } from "./summary.ts";

/** The page of one run: what it has reached, how it got there, and how to do it again. */
export function renderReport(run: Run): string {
  checkRun(run, "renderReport");
  const { evaluation } = run;
  const missing =
    run.validations.length === 0 ? "Comes with the first validation." : "This run kept no evaluation.json.";
  const notYet = html`<p class="dim">${missing}</p>\n`;
  const body = [
    renderHeadline(run),
    renderSection("Curves", renderCurves(run)),
    renderSection("Classes", renderClasses(run) ?? notYet),
    renderSection(
      "Confusion",
      evaluation ? [renderHeatMap(evaluation), renderLargestConfusions(evaluation)] : notYet,
    ),
    renderSection("Photos", evaluation ? renderPanels(evaluation) : notYet),
    renderSection("Recipe", renderRecipe(run)),
    renderSection("Origin", renderOrigin(run)),
  ];
  return renderPage({ title: `${run.name}: ${run.config.network} on ${run.config.dataset}`, body });
}

function renderHeadline(run: Run): Html {
  const { network, dataset, state, step, epoch, epochs, best, last, seconds, parameters } = summarizeRun(run);
  const found = findBest(run.validations);
  const perStep = run.steps.length > 0 ? seconds / run.steps.length : 0;
  return html`<header><h1>${network} on ${dataset}</h1>
<p class="dim">Run ${run.name}, as of ${formatMoment(run.updated)}.</p>
${findFaults(run).map((fault) => html`<p class="warning">${fault}</p>\n`)}<dl class="facts">
${renderFact("best mean IoU", formatPercent(best?.miou), best ? `after step ${formatCount(best.step)}` : "no validation yet")}
${renderFact("its pixel accuracy", formatPercent(found?.pixelAccuracy), "")}
${renderFact("last mean IoU", formatPercent(last?.miou), last ? `after step ${formatCount(last.step)}` : "")}
${renderFact("state", state, `step ${formatCount(step)}, epoch ${epoch} of ${epochs}`)}
${renderFact("time in steps", formatSeconds(seconds), step > 0 ? `${perStep.toFixed(2)} s a step` : "")}
${renderFact("parameters", parameters === null ? "–" : `${(parameters / 1e6).toFixed(2)} M`, "")}
</dl></header>
`;
}

function renderFact(name: string, value: string, detail: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}${detail && html`<small>${detail}</small>`}</dd></div>`;
}

function renderPanels({ step, panels }: NonNullable<Run["evaluation"]>): Html {
  const figures = panels.map(({ id, image }) => {
    const description = `${id}: photo and truth above, prediction and errors below`;
    return html`<figure class="card"><figcaption>${id}</figcaption><img src="${image}" alt="${description}"></figure>\n`;
  });
  return html`<p class="dim">Photo and truth above, prediction and errors below, after step ${step}. The colors are those of the classes above; errors are red; gray pixels are left out of measuring.</p>
<div class="grid">
${figures}</div>
`;
}
