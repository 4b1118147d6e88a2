import { drawMask } from "../datasets/sample-panels.ts";
import type { LabelMap, Palette, Photo } from "../images/types.ts";
import { Segmenter } from "../inference/node/node-segmenter.ts";
import type { Segmentation } from "../inference/segmenter.ts";
import type { PhotoComparison } from "./compare.ts";

/** A photo to compare models on. */
export interface PhotoToCompare {
  readonly id: string;
  readonly photo: Photo;
  /** The true labels, where they are known. */
  readonly truth?: LabelMap;
}

/** A model to compare, and what it says of photos. */
export interface ComparedModel {
  readonly name: string;
  segment(photo: Photo): Promise<Segmentation>;
}

export interface CompareModelsOptions {
  /** Names and colors of the true labels; absent where there are none. */
  labels?: { readonly classes: readonly string[]; readonly palette: Palette };
  onProgress?: (done: number, total: number) => void;
  /** Stops after the photo under way, with the signal's reason. */
  signal?: AbortSignal;
}

/** Segments photos by several models. */
export async function compareModels(
  photos: AsyncIterable<PhotoToCompare>,
  models: readonly ComparedModel[],
  { labels, onProgress, signal, total }: CompareModelsOptions & { total: number },
): Promise<PhotoComparison> {
  const rows: { id: string; pictures: Photo[] }[] = [];
  const legend = new Map<string, readonly [number, number, number]>();
  for await (const { id, photo, truth } of photos) {
    signal?.throwIfAborted();
    const pictures = [photo];
    if (truth && labels) {
      pictures.push(drawMask(truth, labels.palette));
      for (const label of new Set(truth.data)) {
        const [name, color] = [labels.classes[label], labels.palette[label]];
        if (name !== undefined && color) legend.set(name, color);
      }
    }
    for (const { segment } of models) {
      const { width, height, labels: data, palette, found } = await segment(photo);
      pictures.push(drawMask({ width, height, data }, palette));
      for (const { name, color } of found) legend.set(name, color);
    }
    rows.push({ id, pictures });
    onProgress?.(rows.length, total);
  }
  return {
    columns: ["photo", ...(labels ? ["truth"] : []), ...models.map(({ name }) => name)],
    rows,
    legend: [...legend].map(([name, color]) => ({ name, color })),
  };
}

/** Does something with models of the given names, which are freed afterwards. */
export async function withModels<T>(
  names: readonly string[],
  options: NonNullable<Parameters<typeof Segmenter.load>[1]>,
  use: (models: readonly ComparedModel[]) => Promise<T>,
): Promise<T> {
  const opened: Segmenter[] = [];
  try {
    for (const name of names) opened.push(await Segmenter.load(name, options));
    return await use(
      opened.map((segmenter, index) => ({
        name: names[index] ?? "",
        segment: (photo) => segmenter.segment(photo),
      })),
    );
  } finally {
    await Promise.all(opened.map((segmenter) => segmenter.dispose()));
  }
}
