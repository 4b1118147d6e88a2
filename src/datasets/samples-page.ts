import { IGNORE_LABEL } from "../images/palette.ts";
import type { DatasetCheck, DatasetIssue, LabelCount, Range } from "./check.ts";
import type { Dataset, LabelSpace, Sample } from "./dataset.ts";
import { drawPanels } from "./sample-panels.ts";

/** A split on the page. */
export interface PageSplit {
  readonly split: string;
  readonly issues: readonly DatasetIssue[];
  /** Absent for a split that could not be opened. */
  readonly checked?: { readonly dataset: Dataset; readonly check: DatasetCheck };
}

export interface SamplesPageOptions {
  /** The name of the data set. */
  readonly name: string;
  readonly splits: readonly PageSplit[];
  /** What concerns several splits. */
  readonly shared: readonly DatasetIssue[];
  /** How many samples of each split to show, spread evenly over those without error. */
  readonly samples: number;
}

const style = `
:root { color-scheme: light dark; --line: #8885; --error: light-dark(#b3261e, #ff8a80); --warning: light-dark(#8a5a00, #ffd180); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: 0.15rem 0.75rem; text-align: right; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
.swatch { border: 1px solid var(--line); display: inline-block; height: 0.8em; margin-right: 0.5em; width: 1.4em; }
.ignored { background: repeating-linear-gradient(-45deg, #282828 0 3px, #e0e0e0 3px 6px); }
.error { color: var(--error); }
.warning { color: var(--warning); }
.issues { overflow-wrap: anywhere; }
figure { border-top: 1px solid var(--line); margin: 1.5rem 0; padding-top: 0.5rem; }
.panels { display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); }
img { height: auto; max-width: 100%; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1.5rem; list-style: none; padding: 0; }
`;

/**
 * Makes one page of HTML about a checked data set: counts, faults, and panels of samples (photo, mask, both).
 *
 * All pictures are in the page; it has no scripts and loads nothing.
 */
export async function renderSamplesPage({
  name,
  splits,
  shared,
  samples,
}: SamplesPageOptions): Promise<string> {
  const sections: string[] = [];
  for (const split of splits) sections.push(await renderSplit(split, samples));
  if (shared.length > 0) sections.push(`<h2>across splits</h2>\n${renderIssues(shared)}`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}</title>
<style>${style}</style>
<h1>${escapeHtml(name)}</h1>
${sections.join("\n")}
</html>
`;
}

async function renderSplit({ split, issues, checked }: PageSplit, samples: number): Promise<string> {
  const heading = `<h2>${escapeHtml(split)}</h2>`;
  if (!checked) return `${heading}\n${renderIssues(issues)}`;
  const { dataset, check } = checked;
  const figures: string[] = [];
  for (const index of pickEvenly(check.sound, samples))
    figures.push(await renderSample(await dataset.load(index), dataset.labels));
  return [
    heading,
    renderSizes(check),
    renderIssues(issues),
    renderCounts(check, dataset.labels),
    ...figures,
  ].join("\n");
}

function renderSizes({ samples, sound, size }: DatasetCheck): string {
  const range = ({ min, median, max }: Range) => `${min} / ${median} / ${max}`;
  const sizes = size
    ? `; width ${range(size.width)}, height ${range(size.height)} (lowest / median / highest)`
    : "";
  return `<p>${samples} samples, ${sound.length} without error${sizes}.</p>`;
}

function renderIssues(issues: readonly DatasetIssue[]): string {
  if (issues.length === 0) return "<p>No faults.</p>";
  const items = issues.map(
    ({ severity, message }) => `<li><b class="${severity}">${severity}</b> ${escapeHtml(message)}</li>`,
  );
  return `<ul class="issues">\n${items.join("\n")}\n</ul>`;
}

function renderCounts({ classes, ignored }: DatasetCheck, labels: LabelSpace): string {
  const row = (name: string, label: number, { share, photos }: LabelCount) =>
    `<tr><td>${swatch(labels, label)}${escapeHtml(name)}</td><td>${percent(share)}</td><td>${photos}</td></tr>`;
  return `<table>
<tr><th>class</th><th>pixels</th><th>photos</th></tr>
${classes.map((entry, label) => row(entry.name, label, entry)).join("\n")}
${row("ignored", IGNORE_LABEL, ignored)}
</table>`;
}

async function renderSample(sample: Sample, labels: LabelSpace): Promise<string> {
  const { width, height, ...pictures } = await drawPanels(sample, labels.palette);
  const id = escapeHtml(sample.id);
  const images = Object.entries(pictures).map(
    ([kind, uri]) => `<img src="${uri}" width="${width}" height="${height}" alt="${kind} of ${id}">`,
  );
  return `<figure>
<figcaption>${id}, ${sample.photo.width} x ${sample.photo.height}</figcaption>
<div class="panels">
${images.join("\n")}
</div>
<ul class="legend">
${renderLegend(sample, labels)}
</ul>
</figure>`;
}

/** What occurs in a sample, the largest share first. */
function renderLegend({ labels: { data } }: Sample, labels: LabelSpace): string {
  const counts = new Map<number, number>();
  for (const label of data) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([label, count]) => {
      const name = label === IGNORE_LABEL ? "ignored" : (labels.classes[label] ?? String(label));
      return `<li>${swatch(labels, label)}${escapeHtml(name)} ${percent(count / data.length)}</li>`;
    })
    .join("\n");
}

function swatch({ palette }: LabelSpace, label: number): string {
  if (label === IGNORE_LABEL) return '<span class="swatch ignored"></span>';
  return `<span class="swatch" style="background: rgb(${palette[label]?.join(" ")})"></span>`;
}

/** Up to `count` of the items, the last of each of as many equal stretches. */
function pickEvenly<T>(items: readonly T[], count: number): T[] {
  const wanted = Math.min(count, items.length);
  return items.filter(
    (_, index) =>
      Math.floor(((index + 1) * wanted) / items.length) > Math.floor((index * wanted) / items.length),
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
