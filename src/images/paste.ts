import type { Photo } from "./types.ts";

/** Puts a picture into another one, in which it must fit. */
export function pastePicture(canvas: Photo, { width, height, data }: Photo, left: number, top: number): void {
  for (let y = 0; y < height; y++)
    canvas.data.set(data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((top + y) * canvas.width + left));
}
