import { element, refill } from "../page.ts";
import { Strokes, UNPAINTED } from "./strokes.ts";

export const MOST_PICTURES = 20;

/** Larger pictures are shrunk to this long side, in pixels: networks learn from less. */
const LONG_SIDE = 1024;

/** A picture that is painted. */
export interface TeachPicture {
  readonly id: number;
  /** As it is learned from, kept and exported: a JPEG. */
  readonly file: Blob;
  readonly bitmap: ImageBitmap;
  readonly strokes: Strokes;
}

/** Makes a picture to paint on, no larger than a network has use for. @param source is closed */
export async function makePicture(source: ImageBitmap, id: number): Promise<TeachPicture> {
  const scale = Math.min(1, LONG_SIDE / Math.max(source.width, source.height));
  const [width, height] = [source.width * scale, source.height * scale].map((side) =>
    Math.max(1, Math.round(side)),
  );
  const canvas = new OffscreenCanvas(width ?? 1, height ?? 1);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the canvas has no 2D context");
  context.imageSmoothingQuality = "high";
  // JPEG has no transparency.
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  source.close();
  const file = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  return openPicture(id, file);
}

/** @param labels what was painted before */
export async function openPicture(id: number, file: Blob, labels?: Uint8Array): Promise<TeachPicture> {
  const bitmap = await createImageBitmap(file);
  return { id, file, bitmap, strokes: new Strokes(bitmap.width, bitmap.height, labels) };
}

export function isPainted({ strokes }: TeachPicture): boolean {
  return strokes.labels.some((label) => label !== UNPAINTED);
}

export interface PictureListEvents {
  onChoose(picture: TeachPicture): void;
  onRemove(picture: TeachPicture): void;
}

/** Shows the pictures as thumbnails. */
export function showPictures(
  list: HTMLElement,
  pictures: readonly TeachPicture[],
  { current, onChoose, onRemove }: PictureListEvents & { current: TeachPicture | undefined },
): void {
  refill(
    list,
    pictures.map((picture, index) => {
      const name = `Picture ${index + 1}`;
      const choose = document.createElement("button");
      choose.type = "button";
      choose.setAttribute("aria-pressed", String(picture === current));
      choose.setAttribute("aria-label", isPainted(picture) ? `${name}, painted` : name);
      choose.append(thumbnail(picture.bitmap));
      choose.addEventListener("click", () => onChoose(picture));
      const remove = element("button", "×");
      remove.className = "remove";
      remove.setAttribute("aria-label", `Remove picture ${index + 1}`);
      remove.addEventListener("click", () => onRemove(picture));
      const item = document.createElement("li");
      item.classList.toggle("painted", isPainted(picture));
      item.append(choose, remove);
      return item;
    }),
  );
}

function thumbnail(bitmap: ImageBitmap): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const height = 96;
  Object.assign(canvas, { width: Math.round((bitmap.width * height) / bitmap.height), height });
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, height);
  return canvas;
}
