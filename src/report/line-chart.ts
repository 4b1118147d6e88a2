import { type Axis, linearAxis, logAxis } from "./axis.ts";
import { formatNumber } from "./format.ts";
import { type Html, html } from "./html.ts";

export type Point = readonly [x: number, y: number];

export interface Series {
  name: string;
  /** By increasing x; a value that is not finite, or that a logarithmic axis has no place for, is a gap. */
  points: readonly Point[];
  /** Number of the series' colour, any whole number from 0. Defaults to its place in the chart. */
  color?: number;
  /** Thin and pale, as a background for another series. Defaults to false. */
  faint?: boolean;
}

export interface LineChartOptions {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  /** Equal factors take equal distances on the vertical axis. Defaults to false. */
  logY?: boolean;
  /** How values of the vertical axis are written. Defaults to `formatNumber`. */
  formatY?: (value: number) => string;
}

/** Small enough that the 14-pixel text can still be read where a phone shrinks the chart. */
const WIDTH = 520;
const HEIGHT = 300;
const LEFT = 62;
const RIGHT = 14;
const TOP = 26;
const BOTTOM = 44;
const COLORS = 8;
const MOST_POINTS = 1000;
/** Series of at most so many points get dots that tell their values. */
const MOST_DOTS = 60;

/** A chart of curves over one horizontal axis, as a figure with its legend. */
export function renderLineChart(options: LineChartOptions): Html {
  const { title, xLabel, yLabel, series, logY = false, formatY = formatNumber } = options;
  const isShown = ([x, y]: Point) => Number.isFinite(x) && Number.isFinite(y) && (!logY || y > 0);
  const shown = series.flatMap(({ points }) => points.filter(isShown));
  const yValues = shown.map(([, y]) => y);
  const x = linearAxis(shown.map(([value]) => value));
  const y = logY ? logAxis(yValues) : linearAxis(yValues);
  const place = ([px, py]: Point): Point => [placeX(x, px), placeY(y, py)];

  const curves = series.map(({ name, points, color, faint = false }, index) => {
    const number = (color ?? index) % COLORS;
    const segments = splitAt(points, isShown);
    const limit = Math.max(2, Math.floor(MOST_POINTS / Math.max(1, segments.length)));
    const path = segments.map((segment) => drawSegment(downsample(segment, limit).map(place))).join("");
    const dots = faint || points.length > MOST_DOTS ? [] : segments.flat();
    return html`<path class="curve c${number}${faint ? " faint" : ""}" d="${path}"/>
${dots.map((point) => {
  const [cx, cy] = place(point).map(round);
  return html`<circle class="dot f${number}" cx="${cx}" cy="${cy}" r="3.5"><title>${name}, ${xLabel} ${formatNumber(point[0])}: ${formatY(point[1])}</title></circle>\n`;
})}`;
  });
  const keys = series.map(({ name, color, faint = false }, index) => {
    return html`<li><span class="key f${(color ?? index) % COLORS}${faint ? " faint" : ""}"></span>${name}</li>`;
  });
  return html`<figure class="card"><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`${title}: ${yLabel} by ${xLabel}`}"><title>${title}</title>
${shown.length > 0 ? drawAxes(x, y, formatY) : html`<text x="${WIDTH / 2}" y="${HEIGHT / 2}" text-anchor="middle">no values yet</text>`}
<text x="4" y="14">${yLabel}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${xLabel}</text>
${curves}</svg>
<ul class="legend">${keys}</ul></figure>
`;
}

function drawAxes(x: Axis, y: Axis, formatY: (value: number) => string): Html {
  const rows = y.ticks.map((value) => {
    const at = round(placeY(y, value));
    return html`<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text x="${LEFT - 7}" y="${at + 5}" text-anchor="end">${formatY(value)}</text>\n`;
  });
  const columns = x.ticks.map((value) => {
    const at = round(placeX(x, value));
    return html`<text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${formatNumber(value)}</text>\n`;
  });
  return html`${rows}${columns}`;
}

function placeX({ place }: Axis, value: number): number {
  return LEFT + place(value) * (WIDTH - LEFT - RIGHT);
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

function splitAt(points: readonly Point[], isShown: (point: Point) => boolean): Point[][] {
  const segments: Point[][] = [];
  let open: Point[] | undefined;
  for (const point of points) {
    if (!isShown(point)) open = undefined;
    else if (open) open.push(point);
    else {
      open = [point];
      segments.push(open);
    }
  }
  return segments;
}

/**
 * At most `limit` of the points: the lowest and the highest of each of `limit / 2` stretches, so that no spike is lost.
 *
 * @param limit at least 2
 */
export function downsample(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const stretches = Math.floor(limit / 2);
  const kept: Point[] = [];
  for (let i = 0; i < stretches; i++) {
    const start = Math.floor((i * points.length) / stretches);
    const stretch = points.slice(start, Math.floor(((i + 1) * points.length) / stretches));
    const byValue = stretch.toSorted((a, b) => a[1] - b[1]);
    const ends = [byValue[0], byValue.at(-1)].filter((point) => point !== undefined);
    kept.push(...ends.sort((a, b) => a[0] - b[0]));
  }
  return kept;
}
