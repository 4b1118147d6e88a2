import { IGNORE_LABEL } from "../images/palette.ts";

interface Confident {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
  /** The probability of each pixel's label, 0..1, at the size that the network saw. */
  readonly pixelConfidence?: { readonly width: number; readonly height: number; readonly data: Float32Array };
}

/** The labels with 255, the ignore label, where the network is less sure than `threshold`, 0..1. */
export function maskDoubtful(
  { width, height, labels, pixelConfidence }: Confident,
  threshold: number,
): Uint8Array {
  if (!pixelConfidence) throw new TypeError("no confidence was measured");
  const { data, width: columns, height: rows } = pixelConfidence;
  const mask = Uint8Array.from(labels);
  for (let y = 0; y < height; y++) {
    // A photo that was shrunk for the network takes the nearest value.
    const row = Math.floor(((y + 0.5) * rows) / height) * columns;
    for (let x = 0; x < width; x++) {
      const confidence = data[row + Math.floor(((x + 0.5) * columns) / width)] ?? 0;
      if (confidence < threshold) mask[y * width + x] = IGNORE_LABEL;
    }
  }
  return mask;
}
