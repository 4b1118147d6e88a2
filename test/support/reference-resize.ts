import { extents, type NdArray } from "./array.ts";
import { fill, valueAt } from "./reference-broadcast.ts";

/** Bilinear resizing as PyTorch's documentation defines it, value by value. */
export function referenceResize(
  x: NdArray,
  [height, width]: readonly [number, number],
  alignCorners: boolean,
): NdArray {
  const [n, c, h, w] = extents(x);
  const position = (p: number, from: number, to: number) => {
    if (alignCorners) return to === 1 ? 0 : (p * (from - 1)) / (to - 1);
    return Math.min(Math.max(((p + 0.5) * from) / to - 0.5, 0), from - 1);
  };
  return fill([n, c, height, width], ([image = 0, channel = 0, row = 0, column = 0]) => {
    const [y, z] = [position(row, h, height), position(column, w, width)];
    // Weight of a pixel: the product of two tents of width 1 around the position.
    let total = 0;
    for (let i = Math.floor(y); i <= Math.min(Math.floor(y) + 1, h - 1); i++) {
      for (let j = Math.floor(z); j <= Math.min(Math.floor(z) + 1, w - 1); j++) {
        total += (1 - Math.abs(y - i)) * (1 - Math.abs(z - j)) * valueAt(x, [image, channel, i, j]);
      }
    }
    return total;
  });
}
