import { type Zippable, zipSync } from "fflate";
import { renderLabels } from "../../../src/web.ts";
import { toHex } from "../palette.ts";
import type { TeachClass } from "./classes.ts";
import { isPainted, type TeachPicture } from "./pictures.ts";

export interface ExportOptions {
  readonly pictures: readonly TeachPicture[];
  readonly classes: readonly TeachClass[];
  /** What was taught, as a file. */
  readonly model: Blob | undefined;
}

/**
 * Pictures, strokes and model in one zip: a data set that `lightseg train --data` takes as it is, once it is
 * unpacked.
 */
export async function exportDataset({ pictures, classes, model }: ExportOptions): Promise<Blob> {
  const painted = pictures.filter(isPainted);
  const files: Zippable = { "dataset.yaml": text(describe(classes)) };
  const names = painted.map((_, index) => String(index + 1).padStart(2, "0"));
  for (const [index, { file, strokes }] of painted.entries()) {
    const name = names[index] ?? "";
    // The values of the pixels are the labels, whatever their colors are; 255 is not painted.
    const mask = await renderLabels({ ...strokes, palette: classes.map(({ color }) => color) });
    files[`images/${name}.jpg`] = await bytesOf(file);
    files[`masks/${name}.png`] = await bytesOf(mask);
  }
  Object.assign(files, split(names, painted));
  if (model) files["model.safetensors"] = await bytesOf(model);
  // Pictures and weights do not get smaller.
  return new Blob([zipSync(files, { level: 0 })], { type: "application/zip" });
}

/**
 * The last picture without which training still has strokes of every class is for validation; without such
 * a one, the last serves for both.
 */
function split(names: readonly string[], pictures: readonly TeachPicture[]): Zippable {
  const labels = pictures.map(({ strokes }) => new Set(strokes.labels));
  const all = new Set(labels.flatMap((some) => [...some]));
  const isSpare = (index: number) => {
    const others = new Set(labels.flatMap((some, other) => (other === index ? [] : [...some])));
    return others.size === all.size;
  };
  const spare = names.findLastIndex((_, index) => isSpare(index));
  const list = (ids: readonly string[]) => text(`${ids.join("\n")}\n`);
  return {
    "train.txt": list(names.filter((_, index) => index !== spare)),
    "val.txt": list([names.at(spare) ?? ""]),
  };
}

/** Text in JSON is text in YAML. */
function describe(classes: readonly TeachClass[]): string {
  const lines = classes.map(
    ({ name, color }) => `  - { name: ${JSON.stringify(name)}, color: ${JSON.stringify(toHex(color))} }`,
  );
  return ["masks: indexed", "classes:", ...lines, ""].join("\n");
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}
