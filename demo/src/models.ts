import { type LoadOptions, Segmenter } from "../../src/web.ts";
import { say, showProgress } from "./page.ts";

export interface Choice {
  readonly model: string;
  readonly device: NonNullable<LoadOptions["device"]>;
  readonly dtype: NonNullable<LoadOptions["dtype"]>;
}

/** Holds one loaded model at a time; another choice frees it first. */
export class Models {
  #loaded: { key: string; segmenter: Promise<Segmenter> } | undefined;

  async get(choice: Choice): Promise<Segmenter> {
    const key = JSON.stringify(choice);
    if (this.#loaded?.key !== key) {
      const before = this.#loaded;
      const segmenter = load(choice, before?.segmenter);
      this.#loaded = { key, segmenter };
      // What failed to load is loaded again when it is asked for again.
      segmenter.catch(() => {
        if (this.#loaded?.segmenter === segmenter) this.#loaded = undefined;
      });
    }
    const { segmenter } = this.#loaded ?? {};
    if (!segmenter) throw new Error("no model was chosen");
    return segmenter;
  }
}

async function load(
  { model, ...choice }: Choice,
  before: Promise<Segmenter> | undefined,
): Promise<Segmenter> {
  await before?.then((segmenter) => segmenter.dispose()).catch(() => undefined);
  say(`Loading ${model}…`);
  try {
    return await Segmenter.load(model, {
      ...choice,
      onProgress({ loaded, total }) {
        showProgress(loaded / total);
        say(`Loading ${model}: ${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
      },
    });
  } finally {
    showProgress(undefined);
  }
}
