import { checkKeys, invalidArgument } from "../check.ts";
import { renderSection, renderSwatch, renderTable } from "../html/elements.ts";
import { formatPercent } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { renderPage } from "../html/page.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import { sumByLabel } from "../inference/class-shares.ts";
import { plural } from "../plural.ts";
import type { DatasetCheck, LabelCount, Range } from "./check.ts";
import { type Dataset, type LabelSpace, type Sample, spreadEvenly } from "./dataset.ts";
import type { DatasetIssue } from "./issues.ts";
import { drawPanels } from "./sample-panels.ts";

/** A split on the page. */
export interface PageSplit {
  readonly split: string;
  readonly issues: readonly DatasetIssue[];
  /** Absent for a split that could not be opened. */
  readonly checked?: { readonly dataset: Dataset; readonly check: DatasetCheck };
}

/** Options of `renderSamplesPage`. */
export interface SamplesPageOptions {
  /** The name of the data set. */
  readonly name: string;
  readonly splits: readonly PageSplit[];
  /** What concerns several splits. */
  readonly shared: readonly DatasetIssue[];
  /** How many samples of each split to show, spread evenly over those without error. */
  readonly samples: number;
}

/**
 * Makes one page of HTML about a checked data set: counts, faults, and panels of samples (photo, mask, both).
 *
 * All pictures are in the page; it has no scripts and loads nothing.
 */
export async function renderSamplesPage(options: SamplesPageOptions): Promise<string> {
  checkKeys(options, ["name", "splits", "shared", "samples"], "renderSamplesPage");
  const { name, splits, shared, samples } = options;
  if (!Array.isArray(splits))
    throw invalidArgument("renderSamplesPage", "splits", "must be an array", splits);
  const body = [html`<h1>${name}</h1>\n`];
  for (const split of splits) body.push(renderSection(split.split, await renderSplit(split, samples)));
  if (shared.length > 0) body.push(renderSection("across splits", renderIssues(shared)));
  return renderPage({ title: name, body });
}

async function renderSplit({ issues, checked }: PageSplit, samples: number): Promise<Html[]> {
  if (!checked) return [renderIssues(issues)];
  const { dataset, check } = checked;
  const parts = [renderSizes(check), renderIssues(issues), renderCounts(check, dataset.labels)];
  const shown = spreadEvenly(check.sound.length, samples).flatMap((place) => check.sound[place] ?? []);
  for (const index of shown) parts.push(await renderSample(await dataset.load(index), dataset.labels));
  return parts;
}

function renderSizes({ samples, sound, size }: DatasetCheck): Html {
  const range = ({ min, median, max }: Range) => `${min} / ${median} / ${max}`;
  const sizes = size
    ? `; width ${range(size.width)}, height ${range(size.height)} (lowest / median / highest)`
    : "";
  return html`<p>${plural(samples, "sample")}, ${sound.length} without error${sizes}.</p>\n`;
}

function renderIssues(issues: readonly DatasetIssue[]): Html {
  if (issues.length === 0) return html`<p>No faults.</p>\n`;
  const items = issues.map(
    ({ severity, message }) => html`<li><b class="${severity}">${severity}</b> ${message}</li>\n`,
  );
  return html`<ul class="issues">\n${items}</ul>\n`;
}

function renderCounts({ classes, ignored }: DatasetCheck, labels: LabelSpace): Html {
  const row = (label: number, { share, photos }: LabelCount) => [
    renderLabel(label, labels),
    formatPercent(share, 2),
    photos,
  ];
  return renderTable({
    caption: "Pixels of each class, and photos that it is in",
    head: ["class", "pixels", "photos"],
    numeric: true,
    rows: [...classes.map((count, label) => row(label, count)), row(IGNORE_LABEL, ignored)],
  });
}

async function renderSample(sample: Sample, labels: LabelSpace): Promise<Html> {
  const { id, photo } = sample;
  const { width, height, ...pictures } = await drawPanels(sample, labels.palette);
  const images = Object.entries(pictures).map(
    ([kind, uri]) => html`<img src="${uri}" width="${width}" height="${height}" alt="${kind} of ${id}">\n`,
  );
  return html`<figure class="card"><figcaption>${id}, ${photo.width} x ${photo.height}</figcaption>
<div class="panels">
${images}</div>
<ul class="legend">${renderLegend(sample, labels)}</ul></figure>
`;
}

/** What occurs in a sample, the largest share first. */
function renderLegend({ labels: { data } }: Sample, labels: LabelSpace): Html[] {
  return [...sumByLabel(data).entries()]
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([label, count]) => {
      return html`<li>${renderLabel(label, labels)} ${formatPercent(count / data.length, 2)}</li>\n`;
    });
}

/** The color and the name of a label. */
function renderLabel(label: number, { classes, palette }: LabelSpace): Html {
  if (label === IGNORE_LABEL) return html`${renderSwatch("ignored")}ignored`;
  return html`${renderSwatch(palette[label])}${classes[label] ?? label}`;
}
