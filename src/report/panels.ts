import { LightsegError } from "../errors.ts";
import { checkLabels, checkPhoto } from "../images/check.ts";
import { loadSharp } from "../images/node/load-sharp.ts";
import { IGNORE_LABEL, VOID_COLOR } from "../images/palette.ts";
import { resizeLabels, shrinkPhoto } from "../images/resample.ts";
import type { Color, LabelMap, Palette, Photo } from "../images/types.ts";

export interface PanelOptions {
  /** Name of the photo in its data set. */
  id: string;
  photo: Photo;
  /** 0..classes-1, or the ignore label 255; of the photo's size. */
  truth: LabelMap;
  /** 0..classes-1; of the photo's size. */
  prediction: LabelMap;
  palette: Palette;
}

/** Longest side of each of the four pictures, in pixels. */
const LONGEST = 320;
/** White between the pictures, in pixels. */
const GAP = 6;
const QUALITY = 85;

const RIGHT = [240, 240, 240] as const;
const WRONG = [214, 39, 40] as const;
const IGNORED = [150, 150, 150] as const;

/**
 * Draws a photo, its truth, its prediction and their difference as one JPEG in a data URI, two above two,
 * large enough on a phone. Wrong pixels are red, those with the ignore label gray, in the truth as well.
 *
 * @throws LightsegError INVALID_IMAGE for malformed pixels, or sizes that differ
 */
export async function makePanel({ id, photo, truth, prediction, palette }: PanelOptions) {
  checkInputs(photo, truth, prediction);
  const small = shrinkToBox(photo);
  const { width, height } = small;
  const expected = resizeLabels(truth, width, height);
  const found = resizeLabels(prediction, width, height);
  const pictures = [
    small,
    paint(expected, (label) => (label === IGNORE_LABEL ? IGNORED : (palette[label] ?? VOID_COLOR))),
    paint(found, (label) => palette[label] ?? VOID_COLOR),
    paint(expected, (label, pixel) => errorColor(label, found.data[pixel])),
  ];
  const sheet = joinInFour(pictures, small);
  const sharp = await loadSharp();
  const bytes = await sharp(sheet.data, { raw: { width: sheet.width, height: sheet.height, channels: 3 } })
    // Without halving the colors' resolution, which blurs the borders of classes.
    .jpeg({ quality: QUALITY, chromaSubsampling: "4:4:4" })
    .toBuffer();
  return { id, image: `data:image/jpeg;base64,${bytes.toString("base64")}` };
}

function checkInputs(photo: Photo, truth: LabelMap, prediction: LabelMap): void {
  checkPhoto(photo, "makePanel");
  for (const [argument, labels] of Object.entries({ truth, prediction })) {
    checkLabels(labels, "makePanel");
    if (labels.width === photo.width && labels.height === photo.height) continue;
    throw new LightsegError({
      code: "INVALID_IMAGE",
      where: "makePanel",
      argument,
      rule: `must be as large as the photo, ${photo.width} x ${photo.height}`,
      value: `${labels.width} x ${labels.height}`,
    });
  }
}

function shrinkToBox(photo: Photo): Photo {
  const factor = Math.min(1, LONGEST / Math.max(photo.width, photo.height));
  return shrinkPhoto(photo, Math.max(1, Math.floor(photo.width * factor * photo.height * factor)));
}

function errorColor(truth: number, prediction: number | undefined): Color {
  if (truth === IGNORE_LABEL) return IGNORED;
  return truth === prediction ? RIGHT : WRONG;
}

function paint(labels: LabelMap, colorOf: (label: number, pixel: number) => Color): Photo {
  const data = new Uint8Array(labels.data.length * 3);
  for (const [pixel, label] of labels.data.entries()) data.set(colorOf(label, pixel), pixel * 3);
  return { width: labels.width, height: labels.height, data };
}

function joinInFour(pictures: readonly Photo[], { width, height }: Photo): Photo {
  const sheet = { width: 2 * width + GAP, height: 2 * height + GAP };
  const data = new Uint8Array(sheet.width * sheet.height * 3).fill(255);
  for (const [index, picture] of pictures.entries()) {
    const left = (index % 2) * (width + GAP);
    const top = (index >> 1) * (height + GAP);
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(y * width * 3, (y + 1) * width * 3);
      data.set(row, ((top + y) * sheet.width + left) * 3);
    }
  }
  return { ...sheet, data };
}
