import { IGNORE_LABEL } from "../../src/images/palette.ts";
import type { LabelMap } from "../../src/images/types.ts";
import type { Random } from "../../src/random.ts";

/** Half the width of a stroke, in pixels: strokes are three pixels wide. */
const REACH = 1;
const LONGEST = 40;
const TRIES = 40;

export interface DrawStrokesOptions {
  /** Labels to draw, each with the same number of pixels at most. */
  classes: readonly number[];
  /** Share of all pixels, 0..1, that get a label at most. */
  share: number;
  random: Random;
}

/**
 * Strokes as somebody would paint them: winding lines that stay within the regions of the true labels. All
 * other pixels get the ignore label.
 */
export function drawStrokes(truth: LabelMap, { classes, share, random }: DrawStrokesOptions): LabelMap {
  const { width, height } = truth;
  const data = new Uint8Array(width * height).fill(IGNORE_LABEL);
  for (const label of classes) {
    const region = [...truth.data.keys()].filter((pixel) => truth.data[pixel] === label);
    let left = Math.floor((share * width * height) / classes.length);
    for (let tries = 0; region.length > 0 && left > 0 && tries < TRIES; tries++)
      left -= drawStroke(truth, data, { label, start: pick(region, random), most: left, random });
  }
  return { width, height, data };
}

interface Stroke {
  label: number;
  start: number;
  /** Pixels at most. */
  most: number;
  random: Random;
}

/** Returns how many pixels were painted. */
function drawStroke(truth: LabelMap, data: Uint8Array, { label, start, most, random }: Stroke): number {
  const { width } = truth;
  let [x, y] = [start % width, Math.floor(start / width)];
  let direction = random() * 2 * Math.PI;
  let painted = 0;
  for (let step = 0; step < LONGEST; step++) {
    const pixels = brush(truth, Math.round(x), Math.round(y));
    const isInside = pixels.every((pixel) => truth.data[pixel] === label);
    const fresh = pixels.filter((pixel) => data[pixel] === IGNORE_LABEL);
    if (!isInside || painted + fresh.length > most) break;
    for (const pixel of fresh) data[pixel] = label;
    painted += fresh.length;
    direction += random() - 0.5;
    x += 2 * Math.cos(direction);
    y += 2 * Math.sin(direction);
  }
  return painted;
}

/** The pixels under the brush; -1, which is no pixel, beyond the edge. */
function brush({ width, height }: LabelMap, x: number, y: number): number[] {
  const offsets = [...Array(2 * REACH + 1).keys()].map((offset) => offset - REACH);
  return offsets.flatMap((dy) =>
    offsets.map((dx) => {
      const [px, py] = [x + dx, y + dy];
      return px < 0 || py < 0 || px >= width || py >= height ? -1 : py * width + px;
    }),
  );
}

function pick(values: readonly number[], random: Random): number {
  return values[Math.floor(random() * values.length)] ?? 0;
}
