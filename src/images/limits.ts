/** The most pixels that a photo or a mask may claim, unless the caller says otherwise: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;

/** What a network sees of a photo at most, unless more is asked for: its memory grows with the pixels. */
export const MAX_NETWORK_PIXELS = 2048 * 2048;

/** The largest size of the same shape with at most so many pixels; its own where that is small enough. */
export function sizeWithin(
  { width, height }: { width: number; height: number },
  maxPixels: number,
): { width: number; height: number } {
  const ratio = Math.min(1, Math.sqrt(maxPixels / (width * height)));
  const shrink = (side: number) => (ratio === 1 ? side : Math.max(1, Math.floor(side * ratio)));
  return { width: shrink(width), height: shrink(height) };
}
