import { formatCount, formatPercent } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import type { RunEvaluation } from "../runs/evaluation-file.ts";

/** More cells than this on a side are too small to point at. */
const MOST_CLASSES = 60;
/** Up to so many classes, the cells are large enough for their numbers. */
const MOST_NUMBERED = 12;
/** Above this share a cell is dark: its number gets the page's background color. */
const STRONG = 0.3;
const LETTER = 6.2;
const LONGEST_NAME = 22;

/** How the cells of a matrix lie in its drawing, in pixels. */
interface Layout {
  /** Labels of the classes that are drawn. */
  readonly drawn: readonly number[];
  readonly names: readonly string[];
  readonly cell: number;
  /** Room for the names, above and on the left. */
  readonly margin: number;
}

/**
 * A confusion matrix in color. Each row is divided by its sum: where the pixels of a true class went.
 *
 * Of more than 60 classes, those with the most true pixels are drawn. Pointing at a cell shows its numbers.
 */
export function renderHeatMap({ classes, confusion, step }: RunEvaluation): Html {
  const layout = layOut(classes, confusion);
  const { drawn, cell, margin } = layout;
  const side = drawn.length * cell;
  const size = margin + side + 2;
  const title = `Where the pixels of each class went, in per cent, after step ${step}`;
  const note = html`<p class="dim">Drawn: the ${drawn.length} classes with the most pixels.</p>\n`;
  // Matrices with numbers shrink to the screen, so that the names stay in sight; others are scrolled.
  const limit = isNumbered(layout) ? "100%" : "none";
  return html`<figure class="card"><figcaption>${title}</figcaption>
<p class="dim">Green: found; orange: taken for another class.</p>
<div class="scroll" role="region" tabindex="0" aria-label="${title}">
<svg class="heat" viewBox="0 0 ${size} ${size}" style="width: ${size}px; max-width: ${limit}" role="img" aria-label="${title}">
<rect class="frame" x="${margin}" y="${margin}" width="${side}" height="${side}"/>
${drawCells(layout, confusion)}${drawNames(layout)}<text x="4" y="14">truth ↓ prediction →</text></svg></div>
${drawn.length < classes.length ? note : undefined}</figure>
`;
}

function layOut(classes: readonly string[], confusion: readonly (readonly number[])[]): Layout {
  const drawn = mostFrequent(confusion.map(sum), MOST_CLASSES);
  const longest = Math.max(...drawn.map((label) => shorten(classes[label] ?? "").length));
  const cell = drawn.length <= MOST_NUMBERED ? 44 : drawn.length <= 25 ? 26 : 14;
  return { drawn, names: classes, cell, margin: Math.ceil(longest * LETTER) + 24 };
}

function isNumbered({ drawn }: Layout): boolean {
  return drawn.length <= MOST_NUMBERED;
}

function drawCells(layout: Layout, confusion: readonly (readonly number[])[]): Html[] {
  const { drawn, names, cell, margin } = layout;
  return drawn.flatMap((truth, y) => {
    const row = confusion[truth] ?? [];
    const total = sum(row);
    return drawn.flatMap((prediction, x) => {
      const count = row[prediction] ?? 0;
      if (count === 0) return [];
      const share = count / total;
      const isRight = truth === prediction;
      const sentence = `${names[truth]} ${isRight ? "found" : `taken for ${names[prediction]}`}: ${formatPercent(share)} (${formatCount(count)} of ${formatCount(total)} pixels)`;
      // The root makes confusions of a few per cent visible.
      const opacity = Math.sqrt(share).toFixed(2);
      const [left, top] = [margin + x * cell, margin + y * cell];
      const rect = html`<rect class="${isRight ? "right" : "wrong"}" fill-opacity="${opacity}" x="${left}" y="${top}" width="${cell}" height="${cell}"><title>${sentence}</title></rect>\n`;
      if (!isNumbered(layout) || share < 0.0005) return [rect];
      const number = (share * 100).toFixed(1);
      const look = share > STRONG ? "share strong" : "share";
      return [
        rect,
        html`<text class="${look}" x="${left + cell / 2}" y="${top + cell / 2 + 4}" text-anchor="middle">${number}</text>\n`,
      ];
    });
  });
}

function drawNames({ drawn, names, cell, margin }: Layout): Html[] {
  return drawn.map((label, index) => {
    const middle = margin + (index + 0.5) * cell + 4;
    const name = shorten(names[label] ?? "");
    return html`<text x="${margin - 6}" y="${middle}" text-anchor="end">${name}</text><text transform="translate(${middle} ${margin - 6}) rotate(-90)">${name}</text>\n`;
  });
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
