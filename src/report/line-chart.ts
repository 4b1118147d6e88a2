import { formatCount, formatNumber } from "../html/format.ts";
import { type Html, html } from "../html/html.ts";
import { SERIES_COLORS } from "../html/style.ts";
import { type Axis, linearAxis, logAxis } from "./axis.ts";
import { downsample, type Point, splitAt } from "./points.ts";

export interface Series {
  name: string;
  /** By increasing step. Values that are not finite, or not positive on a logarithmic axis, are gaps. */
  points: readonly Point[];
  /** Number of the series' color, any whole number from 0. Defaults to its place in the chart. */
  color?: number;
  /** Thin and pale, as a background for another series. Defaults to false. */
  faint?: boolean;
}

export interface LineChartOptions {
  title: string;
  yLabel: string;
  series: readonly Series[];
  /** Where the horizontal axis ends; it begins at 0. */
  steps: number;
  /** Steps that get a vertical line with a name. Defaults to none. */
  marks?: readonly { readonly step: number; readonly name: string }[];
  /** Equal factors take equal distances on the vertical axis. Defaults to false. */
  logY?: boolean;
  /** How values of the vertical axis are written. Defaults to `formatNumber`. */
  formatY?: (value: number) => string;
}

/** Such that the 13-pixel text stays legible where a phone, or a third of a screen, shrinks the chart. */
const WIDTH = 400;
const HEIGHT = 260;
const LEFT = 56;
const RIGHT = 32;
const TOP = 28;
const BOTTOM = 42;
const MOST_POINTS = 1000;
/** Series of at most so many points get dots that tell their values. */
const MOST_DOTS = 30;

/** A chart of curves over the steps of a training, as a figure with its legend. */
export function renderLineChart(options: LineChartOptions): Html {
  const { title, yLabel, series, steps, marks = [], logY = false, formatY = formatNumber } = options;
  const isShown = ([x, y]: Point) => Number.isFinite(x) && Number.isFinite(y) && (!logY || y > 0);
  const yValues = series.flatMap(({ points }) => points.filter(isShown).map(([, y]) => y));
  const x = linearAxis([0, steps], 5);
  const y = logY ? logAxis(yValues) : linearAxis(yValues);
  const place = ([step, value]: Point): Point => [placeX(x, step), placeY(y, value)];

  const curves = series.map(({ name, points, faint = false }, index) => {
    const { line, area } = classesOf(series, index);
    const segments = splitAt(points, isShown);
    const limit = Math.max(2, Math.floor(MOST_POINTS / Math.max(1, segments.length)));
    const path = segments.map((segment) => drawSegment(downsample(segment, limit).map(place))).join("");
    const dots = faint || points.length > MOST_DOTS ? [] : segments.flat();
    return html`<path class="${line}" d="${path}"><title>${name}</title></path>
${dots.map((point) => {
  const [cx, cy] = place(point).map(round);
  return html`<circle class="dot ${area}" cx="${cx}" cy="${cy}" r="3.5"><title>${name}, step ${formatCount(point[0])}: ${formatY(point[1])}</title></circle>\n`;
})}`;
  });
  const keys = series.map(({ name }, index) => {
    return html`<li><span class="key ${classesOf(series, index).area}"></span>${name}</li>`;
  });
  const axes = html`${drawRows(y, formatY)}${drawColumns(x)}${drawMarks(marks, x)}`;
  return html`<figure class="card"><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`${title}: ${yLabel} by step`}">
${yValues.length > 0 ? axes : html`<text x="${WIDTH / 2}" y="${HEIGHT / 2}" text-anchor="middle">no values yet</text>\n`}<text x="4" y="14">${yLabel}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">step</text>
${curves}</svg>
<ul class="legend">${keys}</ul></figure>
`;
}

/** The color of a series as a line and as an area; where colors are used again, the line is dashed. */
function classesOf(series: readonly Series[], index: number): { line: string; area: string } {
  const { color = index, faint = false } = series[index] ?? {};
  const look = `${color % SERIES_COLORS}${color < SERIES_COLORS ? "" : " again"}${faint ? " faint" : ""}`;
  return { line: `curve c${look}`, area: `f${look}` };
}

function drawRows(y: Axis, formatY: (value: number) => string): Html[] {
  return y.ticks.map((value) => {
    const at = round(placeY(y, value));
    return html`<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text x="${LEFT - 7}" y="${at + 5}" text-anchor="end">${formatY(value)}</text>\n`;
  });
}

function drawColumns(x: Axis): Html[] {
  return x.ticks.filter(Number.isInteger).map((step) => {
    return html`<text x="${round(placeX(x, step))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${formatCount(step)}</text>\n`;
  });
}

function drawMarks(marks: readonly { step: number; name: string }[], x: Axis): Html[] {
  return marks.map(({ step, name }, index) => {
    const at = round(placeX(x, step));
    const [side, anchor] = x.place(step) < 0.5 ? [4, "start"] : [-4, "end"];
    // In two rows, so that neighbors do not overlap.
    const top = TOP + 12 + 15 * (index % 2);
    return html`<line class="mark" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${at + side}" y="${top}" text-anchor="${anchor}">${name}</text>\n`;
  });
}

function placeX({ place }: Axis, step: number): number {
  return LEFT + place(step) * (WIDTH - LEFT - RIGHT);
}

function placeY({ place }: Axis, value: number): number {
  return HEIGHT - BOTTOM - place(value) * (HEIGHT - TOP - BOTTOM);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A lone point has no length; its round end is what shows. */
function drawSegment(points: readonly Point[]): string {
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  return points.length === 1 ? `${path}h0` : path;
}
