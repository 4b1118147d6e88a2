import { invalidArgument } from "../check.ts";
import { checkPhoto } from "../images/check.ts";
import type { Photo } from "../images/types.ts";

/** A value for each channel of an RGB photo. */
export type Channels = readonly [red: number, green: number, blue: number];

/** How a pixel value v, 0..255, becomes network input: x = (v * scale - mean) / std, channel by channel. */
export interface Preprocessing {
  readonly scale: number;
  /** In units of v * scale, RGB. */
  readonly mean: Channels;
  /** In units of v * scale, RGB; not 0. */
  readonly std: Channels;
}

/** What networks trained on ImageNet expect; their inputs then lie in about -2.1..2.6. */
export const imagenetPreprocessing: Preprocessing = {
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/**
 * Normalizes a photo into the planes of one image of a batch tensor.
 *
 * @param photo `[H, W, 3]`
 * @param out float32 NCHW; the numbers from `offset` on, `[3, H, W]`, are overwritten
 * @param offset where the image begins, e.g. `slot * 3 * H * W`
 * @throws LightsegError INVALID_ARGUMENT when the image does not fit into `out`, INVALID_IMAGE for a
 *   malformed photo
 */
export function normalizeInto(
  photo: Photo,
  { scale, mean, std }: Preprocessing,
  out: Float32Array,
  offset: number,
): void {
  checkPhoto(photo, "normalizeInto");
  const pixels = photo.width * photo.height;
  if (!Number.isInteger(offset) || offset < 0 || offset + 3 * pixels > out.length) {
    const rule = `must have room for ${3 * pixels} numbers from ${offset} on`;
    throw invalidArgument("normalizeInto", "out", rule, out.length);
  }
  for (let channel = 0; channel < 3; channel++) {
    // A pixel has 256 values only: one table look-up a pixel instead of the arithmetic.
    const table = normalizedValues(scale, mean[channel] ?? 0, std[channel] ?? 1);
    const plane = offset + channel * pixels;
    for (let pixel = 0; pixel < pixels; pixel++) {
      out[plane + pixel] = table[photo.data[3 * pixel + channel] ?? 0] ?? 0;
    }
  }
}

function normalizedValues(scale: number, mean: number, std: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => (value * scale - mean) / std);
}
