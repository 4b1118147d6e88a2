/** A map of influence around a unit, and how wide it is. */
export interface FieldMap {
  /** Pixels; the unit's place is at half of both. */
  readonly width: number;
  readonly height: number;
  /** Mean influence of each pixel, row by row. */
  readonly values: Float32Array;
  /** The square root of the number of pixels above `INFLUENCE_SHARE` of the largest influence. */
  readonly side: number;
}

/**
 * Pixels with less than this share of the largest influence do not count: 1 - 95.45 %, two standard
 * deviations (Luo et al. 2016, Sec. 4.1).
 */
export const INFLUENCE_SHARE = 0.0455;

/** Averages maps of influence, each moved so that its unit lies in the middle (Zhou et al. 2015, Sec. 3). */
export class FieldAverage {
  readonly #height: number;
  readonly #width: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;
  #maps = 0;

  /** @param size height and width of the maps that are added, in pixels */
  constructor([height, width]: readonly [height: number, width: number]) {
    this.#height = height;
    this.#width = width;
    this.#sums = new Float64Array(4 * height * width);
    this.#counts = new Uint32Array(4 * height * width);
  }

  /** Adds a map. @param center the pixel that its unit lies at, which may be a fraction */
  add(values: ArrayLike<number>, center: { readonly row: number; readonly column: number }): void {
    this.#maps += 1;
    const down = this.#height - Math.round(center.row);
    const right = this.#width - Math.round(center.column);
    for (let row = 0; row < this.#height; row++)
      for (let column = 0; column < this.#width; column++) {
        const y = row + down;
        const x = column + right;
        if (y < 0 || x < 0 || y >= 2 * this.#height || x >= 2 * this.#width) continue;
        const at = y * 2 * this.#width + x;
        this.#sums[at] = (this.#sums[at] ?? 0) + (values[row * this.#width + column] ?? 0);
        this.#counts[at] = (this.#counts[at] ?? 0) + 1;
      }
  }

  /** The mean, 0 where fewer than half of the maps reach. */
  finish(): FieldMap {
    const values = Float32Array.from(this.#sums, (sum, at) => {
      const count = this.#counts[at] ?? 0;
      return 2 * count >= this.#maps && count > 0 ? sum / count : 0;
    });
    return { width: 2 * this.#width, height: 2 * this.#height, values, side: sideOf(values) };
  }
}

/** The values above `INFLUENCE_SHARE` of the largest: 1 for each, else 0. None where all are 0. */
export function regionOf(values: Float32Array): Uint8Array {
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  return Uint8Array.from(values, (value) => (value > INFLUENCE_SHARE * largest ? 1 : 0));
}

/** The square root of the number of pixels in the region. */
export function sideOf(values: Float32Array): number {
  return Math.sqrt(regionOf(values).reduce((count, inside) => count + inside, 0));
}
