import { renderTable } from "../html/elements.ts";
import { formatPercent } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import type { RunEvaluation } from "../runs/evaluation-file.ts";

const LISTED = 8;

/** The pairs of classes that most of the wrong pixels are of: what to mend first. */
export function renderLargestConfusions({ classes, confusion }: RunEvaluation): Html {
  const pairs = confusion.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, prediction) =>
      count > 0 && prediction !== truth ? [{ truth, prediction, count, total }] : [],
    );
  });
  const errors = pairs.reduce((sum, { count }) => sum + count, 0);
  if (errors === 0) return html`<p>No pixel is wrong.</p>`;
  return renderTable({
    caption: "The largest confusions",
    head: ["confusion", "share of the class's pixels", "share of all errors"],
    numeric: true,
    rows: pairs
      .sort((a, b) => b.count - a.count)
      .slice(0, LISTED)
      .map(({ truth, prediction, count, total }) => [
        `${classes[truth]} taken for ${classes[prediction]}`,
        formatPercent(count / total),
        formatPercent(count / errors),
      ]),
  });
}
