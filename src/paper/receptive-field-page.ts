import { type Html, html } from "../html/html.ts";
import { renderPage } from "../html/page.ts";
import { jpegUri, pngUri } from "../images/node/data-uri.ts";
import { resizePhoto } from "../images/resample.ts";
import type { Photo } from "../images/types.ts";
import type { FieldMap } from "../studies/field-map.ts";
import { regionOf } from "../studies/field-map.ts";
import type { Photos } from "../studies/photos.ts";
import type { ReceptiveFieldStudy, StudiedUnit } from "../studies/receptive-field.ts";

/** From no influence to the largest. */
const COLORS = [
  [255, 255, 255],
  [254, 217, 142],
  [240, 112, 40],
  [150, 20, 20],
  [40, 0, 20],
] as const;
/** Maps are drawn with this width, in pixels. */
const MAP_WIDTH = 224;
/** What is left of the light outside of a region. */
const DARKENED = 0.25;

/** A page of receptive fields at one or more maps of a model. */
export async function renderReceptiveFields(
  studies: readonly ReceptiveFieldStudy[],
  { model, photos }: { model: string; photos: Photos },
): Promise<string> {
  const sections: Html[] = [];
  for (const study of studies)
    sections.push(html`<section><h2>${study.at}</h2>\n${await renderStudy(study, photos)}</section>\n`);
  const title = `Receptive fields of ${model}`;
  const body = html`<h1>${title}</h1>
<p>Theoretical: the pixels that the ops of the network can see. Effective: those with more than 4.55 % of the largest gradient (Luo et al. 2016). Empirical: those with more than 4.55 % of the largest change when a square of random pixels hides them (Zhou et al. 2015). Sides are roots of areas.</p>
${sections}`;
  return renderPage({ title, body });
}

/** A study as a part of a page. */
async function renderStudy(study: ReceptiveFieldStudy, photos: Photos): Promise<Html> {
  const [height, width] = study.size;
  const facts = [
    ["map", study.map.join(" × ")],
    ["photos", `${photos.size} of ${height} × ${width}`],
    ["theoretical", describeTheoretical(study)],
    ["effective", `${study.effective.side.toFixed(0)} px`],
    ["empirical", `${study.empirical.side.toFixed(0)} px`],
  ].map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  const units: Html[] = [];
  for (const unit of study.units) units.push(await renderUnit(study, unit, photos));
  return html`<dl class="facts">${facts}</dl>
${await renderFieldMaps(study)}${units}`;
}

/** The two maps of influence of a study. */
export async function renderFieldMaps({ effective, empirical }: ReceptiveFieldStudy): Promise<Html> {
  const maps = [
    await renderMap("Effective: mean gradient", effective),
    await renderMap("Empirical: mean discrepancy", empirical),
  ];
  return html`<div class="grid charts">\n${maps}</div>\n`;
}

/** The theoretical field of a unit, in pixels. */
export function describeTheoretical({ theoretical: { rows, columns } }: ReceptiveFieldStudy): string {
  const extent = ([first, last]: readonly [number, number]) => last - first + 1;
  const sides = [extent(rows), extent(columns)];
  return sides.every(Number.isFinite) ? `${sides.join(" × ")} px` : "every pixel";
}

async function renderMap(caption: string, map: FieldMap): Promise<Html> {
  const picture = resizePhoto(drawMap(map), MAP_WIDTH, Math.round((MAP_WIDTH * map.height) / map.width));
  return html`<figure class="card"><figcaption>${caption}</figcaption><img src="${await pngUri(picture)}" alt="${caption}" style="max-width: ${MAP_WIDTH}px"></figure>\n`;
}

function drawMap({ width, height, values }: FieldMap): Photo {
  const largest = values.reduce((most, value) => Math.max(most, value), 0) || 1;
  const data = new Uint8Array(3 * width * height);
  for (const [pixel, value] of values.entries()) data.set(colorOf(value / largest), 3 * pixel);
  return { width, height, data };
}

function colorOf(share: number): number[] {
  const position = share * (COLORS.length - 1);
  const low = Math.min(Math.floor(position), COLORS.length - 2);
  return [0, 1, 2].map((channel) => {
    const [a = 0, b = 0] = [COLORS[low]?.[channel], COLORS[low + 1]?.[channel]];
    return Math.round(a + (position - low) * (b - a));
  });
}

async function renderUnit(
  { size: [height, width] }: ReceptiveFieldStudy,
  { unit, peaks, empirical }: StudiedUnit,
  photos: Photos,
): Promise<Html> {
  const panels: Html[] = [];
  for (const peak of peaks) {
    const photo = resizePhoto(await photos.load(peak.photo), width, height);
    const picture = await jpegUri(keepRegion(photo, regionOf(peak.discrepancy)), { quality: 80 });
    panels.push(
      html`<figure><img src="${picture}" alt="photo ${peak.photo}" style="max-width: ${width}px"><figcaption>${peak.activation.toFixed(2)}</figcaption></figure>`,
    );
  }
  return html`<figure class="card"><figcaption>unit ${unit}: ${empirical.side.toFixed(0)} px</figcaption>
<div style="display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr))">${panels}</div></figure>
`;
}

/** Darkens a photo outside of a region. */
function keepRegion({ width, height, data }: Photo, region: Uint8Array): Photo {
  const kept = data.map((value, at) => (region[Math.floor(at / 3)] ? value : value * DARKENED));
  return { width, height, data: kept };
}
