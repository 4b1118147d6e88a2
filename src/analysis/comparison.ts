/** A published number beside the one computed from the graph. */
export interface Comparison {
  readonly published: number;
  readonly ours: number;
  /** Whether ours, rounded to the digits that were printed, is the published one. */
  readonly agrees: boolean;
}

/** @param published the number as it is printed, e.g. `14.0` */
export function compare(published: string, ours: number): Comparison {
  const digits = published.split(".")[1]?.length ?? 0;
  return { published: Number(published), ours, agrees: ours.toFixed(digits) === published };
}
