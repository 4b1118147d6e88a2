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
 * with a border between classes are computed, a few in a hundred on photos, and there only the classes that
 * none of the corners' best surpasses at all four: two or three.
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
  const cell = new BorderCell(scores);
  for (const row of rows) {
    const firstLine = row.start * width;
    const borders: Cell[] = [];
    for (const column of columns) {
      const label = best[row.from * w + column.from] ?? 0;
      const isBorder =
        best[row.from * w + column.to] !== label ||
        best[row.to * w + column.from] !== label ||
        best[row.to * w + column.to] !== label;
      if (isBorder) borders.push(column);
      else for (let x = column.start; x < column.end; x++) labels[firstLine + x] = label;
    }
    for (let y = row.start + 1; y < row.end; y++) labels.copyWithin(y * width, firstLine, firstLine + width);
    for (const column of borders) {
      cell.goTo(best, row, column);
      for (let y = row.start; y < row.end; y++) {
        const down = row.shares[y - row.start] ?? 0;
        for (let x = column.start; x < column.end; x++)
          labels[y * width + x] = cell.bestAt(column.shares[x - column.start] ?? 0, down);
      }
    }
  }
  return labels;
}

/** A cell with a border between classes. Moved from cell to cell, since a photo has thousands. */
class BorderCell {
  readonly #scores: TensorData["data"];
  readonly #width: number;
  readonly #places: number;
  /** Four scores of each class: top left, top right, bottom left, bottom right. */
  readonly #corners: Float64Array;
  /** The classes that may be best in the cell, in order. */
  readonly #contenders: Uint8Array;
  #count = 0;

  constructor({ data, shape: [, classes = 0, h = 0, w = 0] }: TensorData) {
    this.#scores = data;
    this.#width = w;
    this.#places = h * w;
    this.#corners = new Float64Array(4 * classes);
    this.#contenders = new Uint8Array(classes);
  }

  /** @param best best class of each place of the small map */
  goTo(best: Uint8Array, row: Cell, column: Cell): void {
    const scores = this.#scores;
    const corners = this.#corners;
    const classes = this.#contenders.length;
    const topLeft = row.from * this.#width + column.from;
    const topRight = row.from * this.#width + column.to;
    const bottomLeft = row.to * this.#width + column.from;
    const bottomRight = row.to * this.#width + column.to;
    for (let c = 0, plane = 0, at = 0; c < classes; c++, plane += this.#places) {
      corners[at++] = scores[plane + topLeft] ?? 0;
      corners[at++] = scores[plane + topRight] ?? 0;
      corners[at++] = scores[plane + bottomLeft] ?? 0;
      corners[at++] = scores[plane + bottomRight] ?? 0;
    }
    const first = best[topLeft] ?? 0;
    const second = best[topRight] ?? 0;
    const third = best[bottomLeft] ?? 0;
    const fourth = best[bottomRight] ?? 0;
    this.#count = 0;
    for (let c = 0; c < classes; c++) {
      if (this.#surpasses(first, c) || this.#surpasses(second, c)) continue;
      if (this.#surpasses(third, c) || this.#surpasses(fourth, c)) continue;
      this.#contenders[this.#count++] = c;
    }
  }

  /** The best class at a place in the cell. @param right, down shares of the right and lower corners, 0..1 */
  bestAt(right: number, down: number): number {
    const corners = this.#corners;
    const topRight = right * (1 - down);
    const bottomRight = right * down;
    const bottomLeft = down - bottomRight;
    const topLeft = 1 - right - bottomLeft;
    let label = 0;
    let highest = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < this.#count; index++) {
      const c = this.#contenders[index] ?? 0;
      const at = 4 * c;
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

  /** Whether a class is above another at all corners. */
  #surpasses(upper: number, lower: number): boolean {
    const corners = this.#corners;
    const a = 4 * upper;
    const b = 4 * lower;
    return (
      (corners[a] ?? 0) > (corners[b] ?? 0) &&
      (corners[a + 1] ?? 0) > (corners[b + 1] ?? 0) &&
      (corners[a + 2] ?? 0) > (corners[b + 2] ?? 0) &&
      (corners[a + 3] ?? 0) > (corners[b + 3] ?? 0)
    );
  }
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

/** Neighboring places of the small map, and the places of the large one that lie between them. */
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
