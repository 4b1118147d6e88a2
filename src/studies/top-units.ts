import type { TensorData } from "../runtime/session.ts";

/** Where a unit (a channel of a map) is most active on a photo. */
export interface Peak {
  readonly photo: number;
  readonly activation: number;
  /** Place in the map. */
  readonly row: number;
  readonly column: number;
}

/** A unit and the photos on which it is most active. */
export interface Unit {
  /** The channel, from 0. */
  readonly unit: number;
  /** The most active first. */
  readonly peaks: readonly Peak[];
}

/** Remembers for each unit the photos on which it is most active. */
export class TopPhotos {
  readonly #top: number;
  #units: Peak[][] = [];

  /** @param top photos kept for a unit */
  constructor(top: number) {
    this.#top = top;
  }

  /** Looks at the map of a photo, `[1, C, h, w]`. */
  add(photo: number, { data, shape: [, channels = 0, height = 0, width = 0] }: TensorData): void {
    this.#units = Array.from({ length: channels }, (_, unit) => {
      const peak = findPeak(data, unit * height * width, { height, width });
      const peaks = [...(this.#units[unit] ?? []), { photo, ...peak }];
      return peaks.sort((a, b) => b.activation - a.activation).slice(0, this.#top);
    });
  }

  /** The units with the highest mean activation on their photos, the highest first. */
  mostActive(count: number): Unit[] {
    const mean = (peaks: readonly Peak[]) =>
      peaks.reduce((sum, { activation }) => sum + activation, 0) / peaks.length;
    return this.#units
      .map((peaks, unit) => ({ unit, peaks }))
      .sort((a, b) => mean(b.peaks) - mean(a.peaks))
      .slice(0, count);
  }
}

function findPeak(
  data: ArrayLike<number>,
  start: number,
  { height, width }: { height: number; width: number },
): Omit<Peak, "photo"> {
  let best = 0;
  for (let at = 1; at < height * width; at++)
    if ((data[start + at] ?? 0) > (data[start + best] ?? 0)) best = at;
  return { activation: data[start + best] ?? 0, row: Math.floor(best / width), column: best % width };
}
