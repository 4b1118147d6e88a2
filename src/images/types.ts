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

/** The color of each class index, RGB 0..255. */
export type Palette = readonly (readonly [red: number, green: number, blue: number])[];
