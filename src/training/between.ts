import type { Random } from "../random.ts";

/** A number drawn uniformly from a range. */
export function between([min, max]: readonly [number, number], random: Random): number {
  return min + (max - min) * random();
}
