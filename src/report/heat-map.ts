import { formatPercent } from "./format.ts";
import { type Html, html } from "./html.ts";

export interface HeatMapOptions {
  title: string;
  /** Names of the classes. */
  names: readonly string[];
  /** Pixels by true class (rows) and predicted class (columns). */
  counts: readonly (readonly number[])[];
}

/** More cells than this on a side are too small to point at. */
const MOST_CLASSES = 60;
/** Up to so many classes, the cells are large enough for their numbers. */
const MOST_NUMBERED = 12;
const LETTER = 6.2;
const LONGEST_NAME = 22;

/**
 * A confusion matrix in colour: each row is divided by its sum, so that its cells say where the pixels of a true class went.
 *
 * Of more than 60 classes, those with the most true pixels are drawn. Pointing at a cell shows its numbers.
 */
export function renderHeatMap({ title, names, counts }: HeatMapOptions): Html {
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const drawn = mostFrequent(totals, MOST_CLASSES);
  const hasNumbers = drawn.length <= MOST_NUMBERED;
  const cell = hasNumbers ? 44 : drawn.length <= 25 ? 26 : 14;
  const longest = Math.max(...drawn.map((label) => Math.min(LONGEST_NAME, (names[label] ?? "").length)));
  const margin = Math.ceil(longest * LETTER) + 24;
  const side = drawn.length * cell;
  const at = (index: number) => margin + index * cell;

  const cells = drawn.flatMap((truth, y) =>
    drawn.map((prediction, x) => {
      const count = counts[truth]?.[prediction] ?? 0;
      const total = totals[truth] ?? 0;
      if (count === 0 || total === 0) return undefined;
      const share = count / total;
      const isRight = truth === prediction;
      const sentence = `${names[truth]} ${isRight ? "found" : `taken for ${names[prediction]}`}: ${formatPercent(share)} (${count.toLocaleString("en")} of ${total.toLocaleString("en")} pixels)`;
      // The root makes confusions of a few per cent visible.
      const opacity = Math.sqrt(share).toFixed(3);
      const number = hasNumbers && share >= 0.0005 ? (share * 100).toFixed(1) : undefined;
      return html`<rect class="${isRight ? "right" : "wrong"}" fill-opacity="${opacity}" x="${at(x)}" y="${at(y)}" width="${cell}" height="${cell}"><title>${sentence}</title></rect>
${number && html`<text class="share" x="${at(x) + cell / 2}" y="${at(y) + cell / 2 + 4}" text-anchor="middle">${number}</text>\n`}`;
    }),
  );
  const labels = drawn.map((label, index) => {
    const middle = at(index) + cell / 2 + 4;
    const name = shorten(names[label] ?? "");
    return html`<text x="${margin - 6}" y="${middle}" text-anchor="end">${name}</text><text transform="translate(${middle} ${margin - 6}) rotate(-90)">${name}</text>\n`;
  });
  const size = margin + side + 2;
  const omitted = names.length - drawn.length;
  const note =
    omitted > 0 && html`<p class="dim">Drawn: the ${drawn.length} classes with the most pixels.</p>`;
  return html`<figure class="card"><figcaption>${title}</figcaption>
<div class="scroll" role="region" tabindex="0" aria-label="${title}">
<svg class="heat" viewBox="0 0 ${size} ${size}" style="width: ${size}px; max-width: ${hasNumbers ? "100%" : "none"}" role="img" aria-label="${title}"><title>${title}</title>
<rect class="frame" x="${margin}" y="${margin}" width="${side}" height="${side}"/>
${cells}${labels}<text x="4" y="14">truth ↓ prediction →</text></svg></div>
${note || undefined}</figure>
`;
}

/** The positions of the highest values, in their own order. */
function mostFrequent(totals: readonly number[], limit: number): number[] {
  const byTotal = totals.map((total, label) => ({ total, label })).sort((a, b) => b.total - a.total);
  return byTotal
    .slice(0, limit)
    .map(({ label }) => label)
    .sort((a, b) => a - b);
}

function shorten(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}
