import { Segmenter } from "../../../src/web.ts";
import { part } from "../page.ts";
import type { TeachClass } from "./classes.ts";
import { type FoundLabels, LabelLayer } from "./label-layer.ts";
import type { TeachPicture } from "./pictures.ts";

/** Shows what a model finds in pictures. The model is loaded when it is needed first. */
export class Previewer {
  #file: Blob | undefined;
  #segmenter: Promise<Segmenter> | undefined;

  /** @param file undefined if there is no model any more */
  async use(file: Blob | undefined): Promise<void> {
    const before = this.#segmenter;
    this.#file = file;
    this.#segmenter = undefined;
    // What could not be loaded has said so when it was asked for.
    await before?.then((segmenter) => segmenter.dispose()).catch(() => undefined);
  }

  async describe(): Promise<Segmenter["model"] | undefined> {
    return (await this.#load())?.model;
  }

  #load(): Promise<Segmenter> | undefined {
    if (!this.#file || this.#segmenter) return this.#segmenter;
    const loading = Segmenter.load(this.#file);
    this.#segmenter = loading;
    // Who asks again after a failure, such as of the network, has it tried again.
    loading.catch(() => {
      if (this.#segmenter === loading) this.#segmenter = undefined;
    });
    return loading;
  }

  /** @param classes whose colors are taken for those of the same name */
  async segment({ bitmap }: TeachPicture, classes: readonly TeachClass[]): Promise<FoundLabels | undefined> {
    const file = this.#file;
    try {
      const segmenter = await this.#load();
      if (!segmenter) return undefined;
      const { width, height, labels, palette, ...found } = await segmenter.segment(bitmap);
      const colors = new Map(classes.map(({ name, color }) => [name, color]));
      return {
        labels: { width, height, data: labels },
        colors: found.classes.map((name, label) => colors.get(name) ?? palette[label] ?? [0, 0, 0]),
      };
    } catch (error) {
      // A newer model has taken its place.
      if (file !== this.#file) return undefined;
      throw error;
    }
  }
}

/** Draws what was found in a picture that nothing is painted on. */
export function drawHeldOut({ bitmap }: TeachPicture, { labels, colors }: FoundLabels): void {
  const target = part("held-out-canvas", HTMLCanvasElement);
  Object.assign(target, { width: bitmap.width, height: bitmap.height });
  const context = target.getContext("2d");
  if (!context) return;
  const layer = new LabelLayer();
  layer.fill(labels, colors);
  context.drawImage(bitmap, 0, 0);
  context.globalAlpha = 0.5;
  context.drawImage(layer.canvas, 0, 0, bitmap.width, bitmap.height);
}
