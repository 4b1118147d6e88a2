import { createRandom } from "../../src/random.ts";

const [WIDTH, HEIGHT] = [96, 64];

/** Grass (noisy green) below a line and sky (smooth blue) above it. */
export function landscape(horizon: number, seed = 1) {
  const random = createRandom(seed);
  const rows = Array.from({ length: HEIGHT }, (_, y) => y);
  const pixels = rows.flatMap((y) => Array.from({ length: WIDTH }, () => (y < horizon ? 0 : 1)));
  const data = Uint8Array.from(
    pixels.flatMap((label) => (label === 0 ? [90, 140, 230] : [40, 60 + Math.floor(random() * 120), 30])),
  );
  return { photo: { width: WIDTH, height: HEIGHT, data }, truth: pixels };
}

/** One stroke of each class in the middle of its region, 40 pixels in all. */
export function strokedLandscape(horizon: number) {
  const { photo, truth } = landscape(horizon);
  const rows = new Set([Math.floor(horizon / 2), Math.floor((horizon + HEIGHT) / 2)]);
  const data = Uint8Array.from(truth, (label, pixel) => {
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    return rows.has(y) && x >= 30 && x < 50 ? label : 255;
  });
  return { picture: photo, labels: { width: WIDTH, height: HEIGHT, data } };
}
