import { Segmenter } from "../../../src/web.ts";
import type { TeachClass } from "./classes.ts";
import type { FoundLabels } from "./label-layer.ts";
import type { TeachPicture } from "./pictures.ts";

/** Shows what a model finds in pictures. */
export class Previewer {
  #segmenter: Segmenter | undefined;

  /** @param file undefined if there is no model any more */
  async use(file: Blob | undefined): Promise<void> {
    await this.#segmenter?.dispose();
    this.#segmenter = undefined;
    if (file) this.#segmenter = await Segmenter.load(file);
  }

  get description(): Segmenter["model"] | undefined {
    return this.#segmenter?.model;
  }

  /** @param classes whose colors are taken for those of the same name */
  async segment({ bitmap }: TeachPicture, classes: readonly TeachClass[]): Promise<FoundLabels | undefined> {
    const segmenter = this.#segmenter;
    if (!segmenter) return undefined;
    try {
      const { width, height, labels, palette, ...found } = await segmenter.segment(bitmap);
      const colors = new Map(classes.map(({ name, color }) => [name, color]));
      return {
        labels: { width, height, data: labels },
        colors: found.classes.map((name, label) => colors.get(name) ?? palette[label] ?? [0, 0, 0]),
      };
    } catch (error) {
      // A newer model has taken its place.
      if (segmenter !== this.#segmenter) return undefined;
      throw error;
    }
  }
}
