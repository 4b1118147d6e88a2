import { neighborsIn } from "../grid.ts";
import type { TensorData } from "../runtime/session.ts";

export interface UpsampleLabelsOptions {
  /** Size of the label map, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Which points of the two maps lie on each other, as in `resize`. */
  readonly alignCorners: boolean;
}

/**
 * The best class of each pixel of a photo, from scores at the decoder's resolution: bilinear upsampling, then
 * argmax, the first on ties.
 *
 * The scores are never upsampled as a whole. Within a cell of four neighbors bilinear scores are weighted
 * means of those at the corners, so a class that is best at all four is best in the whole cell. Only cells
 * with a border between classes are computed, a few in a hundred on photos.
 *
 * @param scores float32 `[1, C, h, w]`, C at most 256
 * @returns labels, row-major `[height, width]`
 */
export function upsampleLabels(
  scores: TensorData,
  { width, height, alignCorners }: UpsampleLabelsOptions,
): Uint8Array {
  const [, classes = 0, h = 0, w = 0] = scores.shape;
  const { data } = scores;
  const best = bestClasses(data, classes, h * w);
  const rows = findCells(h, height, alignCorners);
  const columns = findCells(w, width, alignCorners);
  const labels = new Uint8Array(width * height);
  const corners = new Float64Array(4 * classes);
  for (const row of rows) {
    for (const column of columns) {
      const topLeft = row.from * w + column.from;
      const topRight = row.from * w + column.to;
      const bottomLeft = row.to * w + column.from;
      const bottomRight = row.to * w + column.to;
      const label = best[topLeft] ?? 0;
      if (best[topRight] === label && best[bottomLeft] === label && best[bottomRight] === label) {
        for (let y = row.start; y < row.end; y++)
          labels.fill(label, y * width + column.start, y * width + column.end);
        continue;
      }
      for (let c = 0, at = 0; c < classes; c++) {
        const plane = c * h * w;
        corners[at++] = data[plane + topLeft] ?? 0;
        corners[at++] = data[plane + topRight] ?? 0;
        corners[at++] = data[plane + bottomLeft] ?? 0;
        corners[at++] = data[plane + bottomRight] ?? 0;
      }
      for (let y = row.start; y < row.end; y++) {
        const down = row.shares[y - row.start] ?? 0;
        for (let x = column.start; x < column.end; x++)
          labels[y * width + x] = bestInCell(corners, column.shares[x - column.start] ?? 0, down);
      }
    }
  }
  return labels;
}

/** @param corners four scores of each class: top left, top right, bottom left, bottom right */
function bestInCell(corners: Float64Array, right: number, down: number): number {
  const topRight = right * (1 - down);
  const bottomRight = right * down;
  const bottomLeft = down - bottomRight;
  const topLeft = 1 - right - bottomLeft;
  let label = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = 0, c = 0; at < corners.length; at += 4, c++) {
    const score =
      topLeft * (corners[at] ?? 0) +
      topRight * (corners[at + 1] ?? 0) +
      bottomLeft * (corners[at + 2] ?? 0) +
      bottomRight * (corners[at + 3] ?? 0);
    if (score > highest) {
      highest = score;
      label = c;
    }
  }
  return label;
}

function bestClasses(scores: TensorData["data"], classes: number, places: number): Uint8Array {
  const best = new Uint8Array(places);
  const highest = Float32Array.from(scores.subarray(0, places));
  for (let c = 1; c < classes; c++) {
    const plane = c * places;
    for (let place = 0; place < places; place++) {
      const score = scores[plane + place] ?? 0;
      if (score > (highest[place] ?? 0)) {
        highest[place] = score;
        best[place] = c;
      }
    }
  }
  return best;
}

/** Neighbouring places of the small map, and the places of the large one that lie between them. */
interface Cell {
  readonly from: number;
  readonly to: number;
  /** The first place of the large map, and the one after the last. */
  readonly start: number;
  readonly end: number;
  /** The share of `to` in the value at each place, 0..1. */
  readonly shares: readonly number[];
}

function findCells(inSize: number, outSize: number, alignCorners: boolean): Cell[] {
  const cells: (Cell & { end: number; shares: number[] })[] = [];
  for (let place = 0; place < outSize; place++) {
    const { low, high, share } = neighborsIn(place, { inSize, outSize, alignCorners });
    let cell = cells.at(-1);
    if (cell?.from !== low) {
      cell = { from: low, to: high, start: place, end: place, shares: [] };
      cells.push(cell);
    }
    cell.end = place + 1;
    cell.shares.push(share);
  }
  return cells;
}
