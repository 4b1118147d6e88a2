import { renderSwatch } from "../html/elements.ts";
import { type Html, html } from "../html/html.ts";
import { renderPage } from "../html/page.ts";
import { jpegUri, pngUri } from "../images/node/data-uri.ts";
import { pastePicture } from "../images/paste.ts";
import { resizePhoto } from "../images/resample.ts";
import { drawText, textWidth } from "../images/text.ts";
import type { Color, Photo } from "../images/types.ts";

/** One photo, and what truth and models say of it, as pictures of one size. */
export interface ComparedPhoto {
  readonly id: string;
  /** In the order of the columns, the photo first. */
  readonly pictures: readonly Photo[];
}

/** Photos side by side with their results (Light-Weight RefineNet, Fig. 2). */
export interface PhotoComparison {
  /** `photo`, `truth` where there is one, and the models. */
  readonly columns: readonly string[];
  readonly rows: readonly ComparedPhoto[];
  /** Name and color of each class that is found somewhere. */
  readonly legend: readonly { readonly name: string; readonly color: Color }[];
}

const CELL_WIDTH = 240;
const GAP = 8;
const HEADING = 26;
const INK = [32, 32, 32] as const;
/** Pixels of a dot of the font in raster pictures. */
const DOT = 2;

/** The comparison as a page, a row of pictures a photo; on narrow screens they stand below each other. */
export async function renderComparedPhotos(comparison: PhotoComparison, title: string): Promise<string> {
  const body = html`<h1>${title}</h1>
${await renderRows(comparison)}`;
  return renderPage({ title, body });
}

/** The rows and the legend, as a part of a page. */
export async function renderRows({ columns, rows, legend }: PhotoComparison): Promise<Html> {
  const sections: Html[] = [];
  for (const { id, pictures } of rows) {
    const panels: Html[] = [];
    for (const [index, { uri }] of (await encodeCells(pictures)).entries()) {
      const name = columns[index] ?? "";
      panels.push(
        html`<figure><figcaption>${name}</figcaption><img src="${uri}" alt="${id}: ${name}"></figure>`,
      );
    }
    sections.push(
      html`<section class="card"><p class="dim">${id}</p><div style="display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr))">${panels}</div></section>\n`,
    );
  }
  const entries = legend.map(({ name, color }) => html`<li>${renderSwatch(color)}${name}</li>`);
  return html`${sections}<ul class="legend">${entries}</ul>\n`;
}

/** The comparison as one SVG that loads nothing. */
export async function renderComparedSvg(comparison: PhotoComparison): Promise<string> {
  const { columns, rows } = comparison;
  const { tops, width, height } = layOut(comparison);
  const headings = columns.map(
    (name, index) =>
      html`<text x="${leftOf(index) + CELL_WIDTH / 2}" y="${HEADING - 8}" text-anchor="middle">${name}</text>\n`,
  );
  const images: Html[] = [];
  for (const [row, { pictures }] of rows.entries())
    for (const [index, { picture, uri }] of (await encodeCells(pictures)).entries()) {
      images.push(
        html`<image x="${leftOf(index)}" y="${tops[row] ?? 0}" width="${picture.width}" height="${picture.height}" href="${uri}"/>\n`,
      );
    }
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="14" fill="#202020">
<rect width="100%" height="100%" fill="#fff"/>
${headings}${images}</svg>
`.toString();
}

/** The comparison as one picture. */
export function drawComparison(comparison: PhotoComparison): Photo {
  const { columns, rows } = comparison;
  const { tops, width, height } = layOut(comparison);
  const canvas = { width, height, data: new Uint8Array(3 * width * height).fill(255) };
  for (const [index, name] of columns.entries()) {
    const advance = textWidth("mm", DOT) - textWidth("m", DOT);
    const shown = name.slice(0, Math.floor(CELL_WIDTH / advance));
    const left = leftOf(index) + Math.max(0, Math.floor((CELL_WIDTH - textWidth(shown, DOT)) / 2));
    drawText(canvas, shown, left, 6, DOT, INK);
  }
  for (const [row, { pictures }] of rows.entries())
    for (const [index, picture] of pictures.map(toCell).entries())
      pastePicture(canvas, picture, leftOf(index), tops[row] ?? 0);
  return canvas;
}

function layOut({ columns, rows }: PhotoComparison): { tops: number[]; width: number; height: number } {
  const tops: number[] = [];
  let height = HEADING;
  for (const { pictures } of rows) {
    tops.push(height);
    height += (pictures[0] ? cellHeight(pictures[0]) : 0) + GAP;
  }
  return { tops, width: leftOf(columns.length), height };
}

function leftOf(column: number): number {
  return GAP + column * (CELL_WIDTH + GAP);
}

/** Cells and their `data:` addresses: the photo as a JPEG, labels without loss. */
function encodeCells(pictures: readonly Photo[]): Promise<{ picture: Photo; uri: string }[]> {
  return Promise.all(
    pictures.map(toCell).map(async (picture, index) => ({
      picture,
      uri: index === 0 ? await jpegUri(picture) : await pngUri(picture),
    })),
  );
}

function toCell(picture: Photo): Photo {
  return resizePhoto(picture, CELL_WIDTH, cellHeight(picture));
}

function cellHeight({ width, height }: Photo): number {
  return Math.max(1, Math.round((CELL_WIDTH * height) / width));
}
