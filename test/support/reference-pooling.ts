import { at, count, extents, type NdArray } from "./array.ts";

export interface Pool {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}

/** The largest value of each window, and where in the input it is: the first one, row by row, on ties. */
function referenceMaxPool(
  x: NdArray,
  { kernel, stride = 1, padding = 0 }: Pool,
): { y: NdArray; winners: number[] } {
  const [n, c, h, w] = extents(x);
  const outHeight = Math.floor((h + 2 * padding - kernel) / stride) + 1;
  const outWidth = Math.floor((w + 2 * padding - kernel) / stride) + 1;

  const winnerAt = (map: number, top: number, left: number) => {
    let winner = -1;
    for (let row = Math.max(0, top); row < Math.min(h, top + kernel); row++) {
      for (let column = Math.max(0, left); column < Math.min(w, left + kernel); column++) {
        const index = (map * h + row) * w + column;
        if (winner < 0 || at(x.data, index) > at(x.data, winner)) winner = index;
      }
    }
    return winner;
  };

  const winners: number[] = [];
  for (let map = 0; map < n * c; map++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        winners.push(winnerAt(map, row * stride - padding, column * stride - padding));
      }
    }
  }
  return {
    y: { shape: [n, c, outHeight, outWidth], data: Float64Array.from(winners, (index) => at(x.data, index)) },
    winners,
  };
}

/** Pools one after the other, and the gradient of a combination of the last one's values. */
export function referencePoolChain(
  x: NdArray,
  pools: readonly Pool[],
  upstream: NdArray | undefined,
): { y: NdArray; dx: NdArray } {
  const [pool, ...rest] = pools;
  if (!pool) return { y: x, dx: upstream ?? x };
  const { y, winners } = referenceMaxPool(x, pool);
  const next = referencePoolChain(y, rest, upstream);
  const dx = new Float64Array(count(x.shape));
  for (const [place, winner] of winners.entries()) dx[winner] = at(dx, winner) + at(next.dx.data, place);
  return { y: next.y, dx: { shape: x.shape, data: dx } };
}
