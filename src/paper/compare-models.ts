import { drawMask } from "../datasets/sample-panels.ts";
import type { Color, LabelMap, Palette, Photo } from "../images/types.ts";
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
  segment(photo: Photo): Promise<Pick<Segmentation, "width" | "height" | "labels" | "palette" | "found">>;
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
  const legend = new Legend();
  for await (const { id, photo, truth } of photos) {
    signal?.throwIfAborted();
    const pictures = [photo];
    if (truth && labels) {
      pictures.push(drawMask(truth, labels.palette));
      for (const label of new Set(truth.data)) {
        const [name, color] = [labels.classes[label], labels.palette[label]];
        if (name !== undefined && color) legend.add("truth", { name, color });
      }
    }
    for (const { name: model, segment } of models) {
      const { width, height, labels: data, palette, found } = await segment(photo);
      pictures.push(drawMask({ width, height, data }, palette));
      for (const { name, color } of found) legend.add(model, { name, color });
    }
    rows.push({ id, pictures });
    onProgress?.(rows.length, total);
  }
  return {
    columns: ["photo", ...(labels ? ["truth"] : []), ...models.map(({ name }) => name)],
    rows,
    legend: legend.entries(),
  };
}

interface LegendEntry {
  readonly name: string;
  readonly color: Color;
}

/** Classes in the colors of their columns; models may paint classes of one name in different colors. */
class Legend {
  readonly #byName = new Map<string, Map<string, { color: LegendEntry["color"]; columns: Set<string> }>>();

  add(column: string, { name, color }: LegendEntry): void {
    const colors = this.#byName.get(name) ?? new Map();
    this.#byName.set(name, colors);
    const entry = colors.get(String(color)) ?? { color, columns: new Set() };
    colors.set(String(color), entry);
    entry.columns.add(column);
  }

  /** The columns are named where a class has several colors. */
  entries(): LegendEntry[] {
    return [...this.#byName].flatMap(([name, colors]) =>
      [...colors.values()].map(({ color, columns }) => ({
        name: colors.size === 1 ? name : `${name} (${[...columns].join(", ")})`,
        color,
      })),
    );
  }
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
