import { renderSwatch, renderTable } from "../html/elements.ts";
import { formatCount, formatPercent } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { findBest, type Run } from "../runs/read-run.ts";

/** The IoU of each class at the best validation, as a bar too, and at the last where that is another. */
export function renderClasses(run: Run): Html | undefined {
  const best = findBest(run.validations);
  const last = run.validations.at(-1);
  if (!best || !last) return undefined;
  const hasLast = last.step !== best.step;
  const shares = pixelShares(run);
  const after = hasLast ? `, and after step ${formatCount(last.step)}, the last` : "";
  return renderTable({
    caption: `IoU on the validation photos after step ${formatCount(best.step)}, the best${after}; – for a class that is nowhere`,
    head: ["class", "best", ...(hasLast ? ["last"] : []), ...(shares ? ["share of pixels"] : [])],
    numeric: true,
    rows: run.classes.map((name, label) => [
      html`${renderSwatch(run.palette[label])}${name}`,
      renderBar(best.iou[name]),
      ...(hasLast ? [formatPercent(last.iou[name])] : []),
      // Two digits, as many classes have less than a thousandth of the pixels.
      ...(shares ? [formatPercent(shares[label], 2)] : []),
    ]),
  });
}

/** IoU of each class at each run's best validation. Where runs compare, a row's highest is bold. */
export function renderCommonClasses(
  runs: readonly Run[],
  names: readonly string[],
  { highlight }: { highlight: boolean },
): Html {
  const bests = runs.map(({ validations }) => findBest(validations));
  const classes = [...new Set(runs.flatMap((run) => run.classes))];
  return renderTable({
    caption: "IoU on the validation photos at the best validation of each run",
    head: ["class", ...names],
    numeric: true,
    rows: classes.map((name) => {
      const owner = runs.find((run) => run.classes.includes(name));
      return [
        html`${renderSwatch(owner?.palette[owner.classes.indexOf(name)])}${name}`,
        ...renderShares(
          bests.map((best) => best?.iou[name]),
          { highlight },
        ),
      ];
    }),
  });
}

/** Shares as texts; if told so, the highest in bold unless it is the only one. */
export function renderShares(
  shares: readonly (number | null | undefined)[],
  { highlight }: { highlight: boolean },
): Html[] {
  const known = shares.filter((share) => share !== null && share !== undefined);
  const highest = highlight && known.length > 1 ? Math.max(...known) : undefined;
  return shares.map((share) =>
    share === highest && share !== undefined
      ? html`<span class="best">${formatPercent(share)}</span>`
      : html`${formatPercent(share)}`,
  );
}

function renderBar(share: number | null | undefined): Html {
  const width = ((share ?? 0) * 100).toFixed(1);
  const bar =
    typeof share === "number" ? html`<span class="bar"><i style="width: ${width}%"></i></span>` : undefined;
  return html`${bar}<span class="value">${formatPercent(share)}</span>`;
}

/** The share of the true pixels that are of each class. */
function pixelShares({ evaluation }: Run): number[] | undefined {
  if (!evaluation) return undefined;
  const counts = evaluation.confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}
