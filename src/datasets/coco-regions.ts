import { LightsegError } from "../errors.ts";

/** An object's area in COCO: polygons `[x0, y0, x1, y1, …]`, boxes `[x, y, width, height]`, or runs. */
export type Segmentation = readonly (readonly number[])[] | Runs;

/** Lengths of runs down the columns, outside and inside in turn, plain or packed into text. */
export interface Runs {
  readonly counts: readonly number[] | string;
  readonly size: readonly [height: number, width: number];
}

export interface RegionSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The pixels of an object: 1 inside and 0 outside, column by column, `[width, height]`.
 *
 * The same pixels as pycocotools, which takes polygons for boxes if the first has four numbers. Several
 * polygons are united.
 *
 * @param file named in errors
 * @param name of the object, for errors
 * @throws LightsegError INVALID_DATASET for runs of another size than the photo's or that do not fill it, and
 *   for polygons with half a point, beside boxes or far outside of any photo
 */
export function drawRegion(
  segmentation: Segmentation,
  size: RegionSize,
  file: string,
  name: string,
): Uint8Array {
  const invalid: Invalid = (rule, value) =>
    new LightsegError({ code: "INVALID_DATASET", where: "load", file, argument: name, rule, value });
  if ("counts" in segmentation) return drawRuns(segmentation, size, invalid);
  const region = new Uint8Array(size.width * size.height);
  for (const polygon of outlinesOf(segmentation, invalid)) fillPolygon(polygon, size, region, invalid);
  return region;
}

/** Whether an object can have pixels: an outline with both extents within the photo, or a run inside. */
export function hasExtent(segmentation: Segmentation, { width, height }: RegionSize): boolean {
  if ("counts" in segmentation) return countRuns(segmentation) > 1;
  const outlines = segmentation[0]?.length === 4 ? segmentation.map(outlineOfBox) : segmentation;
  const varies = (places: readonly number[], end: number) =>
    places.some((place) => clamp(place, end) !== clamp(places[0] ?? 0, end));
  return outlines.some(
    (outline) =>
      outline.length > 4 &&
      varies(
        outline.filter((_, at) => at % 2 === 0),
        width,
      ) &&
      varies(
        outline.filter((_, at) => at % 2 === 1),
        height,
      ),
  );
}

/** A packed number ends with the character that has no bit for "more follow". */
function countRuns({ counts }: Runs): number {
  if (typeof counts !== "string") return counts.length;
  return [...counts].filter((character) => ((character.charCodeAt(0) - 48) & 32) === 0).length;
}

function clamp(place: number, end: number): number {
  return Math.min(Math.max(place, 0), end);
}

/** Makes the error for an object. */
type Invalid = (rule: string, value: unknown) => LightsegError;

/** The outlines of polygons or boxes. */
function outlinesOf(polygons: readonly (readonly number[])[], invalid: Invalid): (readonly number[])[] {
  if (polygons[0]?.length !== 4) return [...polygons];
  return polygons.map((box) => {
    if (box.length !== 4) throw invalid("must have boxes of four numbers like the first", box.length);
    return outlineOfBox(box);
  });
}

function outlineOfBox([x = 0, y = 0, width = 0, height = 0]: readonly number[]): readonly number[] {
  return [x, y, x, y + height, x + width, y + height, x + width, y];
}

function drawRuns({ counts, size: [rows, columns] }: Runs, { width, height }: RegionSize, invalid: Invalid) {
  if (rows !== height || columns !== width)
    throw invalid(`must have runs for a photo of ${width}x${height}`, `${columns}x${rows}`);
  const region = new Uint8Array(width * height);
  let end = 0;
  for (const [index, count] of (typeof counts === "string"
    ? unpackRuns(counts, invalid)
    : counts
  ).entries()) {
    if (!Number.isInteger(count) || count < 0) throw invalid("must have runs of whole lengths", count);
    if (index % 2 === 1) region.fill(1, end, end + count);
    end += count;
  }
  if (end !== region.length) throw invalid(`must have runs of ${region.length} pixels together`, end);
  return region;
}

/**
 * Each count is written in base 32, 5 bits a character, the lowest first, with 32 for "more follow"; the
 * highest bit of the last is the sign. From the fourth on, a count is the difference from the one two before.
 */
function unpackRuns(text: string, invalid: Invalid): number[] {
  const counts: number[] = [];
  let value = 0;
  let shift = 0;
  for (let at = 0; at < text.length; at++) {
    const bits = text.charCodeAt(at) - 48;
    if (bits < 0 || bits > 63 || shift > 25) throw invalid("must have well-formed packed runs", text[at]);
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    if ((bits & 16) !== 0) value |= -1 << shift;
    counts.push(counts.length > 2 ? value + (counts.at(-2) ?? 0) : value);
    value = 0;
    shift = 0;
  }
  if (shift > 0) throw invalid("must have well-formed packed runs", "text that ends within a number");
  return counts;
}

/** Boundaries are followed in steps of a fifth of a pixel, as COCO's tools do. */
const STEPS = 5;
const MAX_COORDINATE = 65_536;

/**
 * Adds the pixels whose center lies inside a polygon, by the even-odd rule, to a region.
 *
 * Wherever the boundary crosses the middle of a column, the pixels below change between outside and inside.
 */
function fillPolygon(
  polygon: readonly number[],
  size: RegionSize,
  region: Uint8Array,
  invalid: Invalid,
): void {
  if (polygon.length % 2 !== 0) throw invalid("must have polygons of x and y in turn", polygon.length);
  const far = polygon.find((coordinate) => !(Math.abs(coordinate) <= MAX_COORDINATE));
  if (far !== undefined) throw invalid(`must have coordinates of at most ${MAX_COORDINATE}`, far);

  // One more than there are pixels: below the last pixel, nothing is left to change.
  const changes = new Uint8Array(region.length + 1);
  const boundary = walkBoundary(polygon.map((coordinate) => Math.trunc(STEPS * coordinate + 0.5)));
  let last: Step | undefined;
  for (const step of boundary) {
    const at = last && crossing(last, step, size);
    if (at !== undefined) changes[at] = (changes[at] ?? 0) ^ 1;
    last = step;
  }
  let inside = 0;
  for (let pixel = 0; pixel < region.length; pixel++) {
    inside ^= changes[pixel] ?? 0;
    if (inside === 1) region[pixel] = 1;
  }
}

/** A point of the boundary, in fifths of a pixel from the corner of the photo. */
type Step = readonly [x: number, y: number];

/** The index of the first pixel below a step, if that crosses the middle of a column of the photo. */
function crossing([x0, y0]: Step, [x1, y1]: Step, { width, height }: RegionSize): number | undefined {
  if (x0 === x1) return undefined;
  const column = (Math.min(x0, x1) + 0.5) / STEPS - 0.5;
  if (!Number.isInteger(column) || column < 0 || column >= width) return undefined;
  const row = (Math.min(y0, y1) + 0.5) / STEPS - 0.5;
  return column * height + Math.ceil(clamp(row, height));
}

function* walkBoundary(corners: readonly number[]): Generator<Step> {
  for (let at = 0; at < corners.length; at += 2) {
    const next = (at + 2) % corners.length;
    yield* walkEdge(corners[at] ?? 0, corners[at + 1] ?? 0, corners[next] ?? 0, corners[next + 1] ?? 0);
  }
}

/** One step along the longer of the two directions at a time, its place in the other rounded. */
function* walkEdge(fromX: number, fromY: number, toX: number, toY: number): Generator<Step> {
  const width = Math.abs(toX - fromX);
  const height = Math.abs(toY - fromY);
  const isFlat = width >= height;
  const length = isFlat ? width : height;
  // Places are counted from the lesser end, so that both directions of an edge round to the same points.
  const isBackward = isFlat ? fromX > toX : fromY > toY;
  const [x0, y0, x1, y1] = isBackward ? [toX, toY, fromX, fromY] : [fromX, fromY, toX, toY];
  const slope = length === 0 ? 0 : (isFlat ? y1 - y0 : x1 - x0) / length;
  for (let step = 0; step <= length; step++) {
    const along = isBackward ? length - step : step;
    const across = Math.trunc((isFlat ? y0 : x0) + slope * along + 0.5);
    yield isFlat ? [x0 + along, across] : [across, y0 + along];
  }
}
