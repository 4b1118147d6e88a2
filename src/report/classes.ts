import { formatPercent } from "./format.ts";
import { type Html, html, renderTable } from "./html.ts";
import type { Run } from "./read-run.ts";
import { findBest } from "./summary.ts";

/** The IoU of each class at the best validation as a bar, and at the last. */
export function renderClasses(run: Run): Html | undefined {
  const best = findBest(run.validations);
  const last = run.validations.at(-1);
  if (!best || !last) return undefined;
  const shares = pixelShares(run);
  return renderTable({
    caption: `IoU on the validation photos after step ${best.step}, the best, and after step ${last.step}, the last`,
    head: ["class", "best", "last", ...(shares ? ["share of pixels"] : [])],
    numeric: true,
    rows: run.classes.map((name, label) => [
      html`${renderSwatch(run, label)}${name}`,
      renderBar(best.iou[name]),
      formatPercent(last.iou[name]),
      ...(shares ? [formatPercent(shares[label])] : []),
    ]),
  });
}

/** The IoU of each class at the best validation of each run, the highest of a row in bold. */
export function renderCommonClasses(runs: readonly Run[], names: readonly string[]): Html {
  const bests = runs.map(({ validations }) => findBest(validations));
  const classes = [...new Set(runs.flatMap((run) => run.classes))];
  return renderTable({
    caption: "IoU on the validation photos at the best validation of each run",
    head: ["class", ...names],
    numeric: true,
    rows: classes.map((name) => {
      const values = bests.map((best) => best?.iou[name]);
      const highest = Math.max(...values.map((value) => value ?? -1));
      const owner = runs.find((run) => run.classes.includes(name));
      const swatch = owner && renderSwatch(owner, owner.classes.indexOf(name));
      return [
        html`${swatch}${name}`,
        ...values.map((value) =>
          value === highest ? html`<span class="best">${formatPercent(value)}</span>` : formatPercent(value),
        ),
      ];
    }),
  });
}

function renderSwatch({ palette }: Run, label: number): Html | undefined {
  const colour = palette[label];
  return colour && html`<span class="key" style="background: rgb(${colour.join(", ")})"></span>`;
}

function renderBar(share: number | null | undefined): Html {
  const width = ((share ?? 0) * 100).toFixed(1);
  return html`<span class="bar"><i style="width: ${width}%"></i></span>${formatPercent(share)}`;
}

/** The share of the true pixels that are of each class. */
function pixelShares({ evaluation }: Run): number[] | undefined {
  if (!evaluation) return undefined;
  const counts = evaluation.confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}
