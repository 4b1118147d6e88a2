import { renderClasses } from "./classes.ts";
import { renderCurves } from "./curves.ts";
import { formatMoment, formatPercent, formatSeconds } from "./format.ts";
import { renderHeatMap } from "./heat-map.ts";
import { type Html, html, renderSection } from "./html.ts";
import { renderPage } from "./page.ts";
import type { Run } from "./read-run.ts";
import { renderOrigin, renderRecipe } from "./recipe.ts";
import { findBest, summarizeRun } from "./summary.ts";

/** What stands in place of a section that only a validation can fill. */
const notYet = html`<p class="dim">Comes with the first validation.</p>`;

/** The page of one run: what it has reached, how it got there, and how to do it again. */
export function renderReport(run: Run): string {
  const { evaluation } = run;
  const body = [
    renderHeadline(run),
    renderSection("Curves", renderCurves(run)),
    renderSection("Classes", renderClasses(run) ?? notYet),
    renderSection(
      "Confusion",
      evaluation
        ? renderHeatMap({
            title: `Where the pixels of each class went, in per cent, after step ${evaluation.step}`,
            names: evaluation.classes,
            counts: evaluation.confusion,
          })
        : notYet,
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
<p class="dim">Run ${run.name}, ${state}; as of ${formatMoment(run.updated)}.</p>
<dl class="facts">
${renderFact("best mean IoU", formatPercent(best?.miou), best ? `after step ${best.step}` : "no validation yet")}
${renderFact("its pixel accuracy", formatPercent(found?.pixelAccuracy), "")}
${renderFact("last mean IoU", formatPercent(last?.miou), last ? `after step ${last.step}` : "")}
${renderFact("state", state, `step ${step}, epoch ${epoch} of ${epochs}`)}
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
    return html`<figure class="card"><figcaption>${id}</figcaption><img src="${image}" alt="${description}" loading="lazy"></figure>\n`;
  });
  return html`<p class="dim">Photo and truth above, prediction and errors below, after step ${step}. Errors are red; grey pixels are left out of measuring.</p>
<div class="grid">
${figures}</div>
`;
}
