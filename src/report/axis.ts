/** One axis of a chart: where values lie on it, and which are labelled. */
export interface Axis {
  /** Share of the way along the axis, 0..1 for values that it was made for. */
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The narrowest axis relative to its values: below, the differences are rounding errors. */
const LEAST_SPAN = 1e-9;
const ROUNDING = 1e-6;

/**
 * An axis with equal steps, labelled at multiples of 1, 2 or 5 times a power of ten.
 *
 * @param values finite; equal ones, or none, get an axis around them
 * @param intervals most steps from one label to the next; at least 2
 */
export function linearAxis(values: readonly number[], intervals = 6): Axis {
  const [low, high] = widen(extent(values));
  // Halved first: the difference of two large numbers could overflow to infinity.
  const place = (value: number) => (value / 2 - low / 2) / (high / 2 - low / 2);
  const step = niceStep((high / 2 - low / 2) / (intervals / 2));
  const ticks: number[] = [];
  // 0.6 / 0.2 is a little less than 3.
  for (let i = Math.ceil(low / step - ROUNDING); i <= high / step + ROUNDING; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return { place, ticks };
}

/**
 * An axis with equal factors, labelled at powers of ten, and at 2 and 5 times these where it spans few.
 *
 * @param values finite and greater than 0
 */
export function logAxis(values: readonly number[]): Axis {
  const exponents = values.map(Math.log10);
  const { place, ticks } = linearAxis(exponents);
  const [low, high] = extent(exponents);
  const factors = high - low < 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((high - low) / 6));
  const labelled: number[] = [];
  for (let power = Math.floor(low / every) * every; power <= high; power += every)
    labelled.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  const inside = labelled.filter((value) => isInside(place(Math.log10(value))));
  return {
    place: (value) => place(Math.log10(value)),
    // Within half a decade there may be none of these.
    ticks: inside.length > 1 ? inside : ticks.map((exponent) => Number((10 ** exponent).toPrecision(2))),
  };
}

function isInside(share: number): boolean {
  return share >= 0 && share <= 1;
}

function extent(values: readonly number[]): [low: number, high: number] {
  if (values.length === 0) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function widen([low, high]: [number, number]): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high / 2 - low / 2 > LEAST_SPAN * size && size > LEAST_SPAN) return [low, high];
  // The range grows towards 0 alone: growing outwards, the largest number would overflow.
  if (size <= LEAST_SPAN) return [0, 1];
  return low > 0 ? [low * 0.9, high] : [low, high * 0.9];
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= least) ?? 10;
  return factor * power;
}
