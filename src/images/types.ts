/** A photo: 8-bit RGB, row-major, interleaved, `[H, W, 3]`. */
export interface Photo {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A label map: one class index a pixel, row-major, `[H, W]`. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Red, green and blue, 0..255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** The color of each class index. */
export type Palette = readonly Color[];
