import { type LoadOptions, Segmenter } from "../../src/web.ts";
import type { ShownClasses } from "./look.ts";
import { describeModel } from "./model-names.ts";
import { say, showProgress } from "./page.ts";
import { displayPalette } from "./palette.ts";

export interface Choice {
  /** One of the manifest, or one that was taught. */
  readonly model: string;
  readonly device: NonNullable<LoadOptions["device"]>;
  readonly dtype: NonNullable<LoadOptions["dtype"]>;
  /** Frames a second that are wanted, in less detail if need be. */
  readonly rate: number | undefined;
}

/** Share of a frame's time that is the network's; the rest is for reading and painting the frame. */
const NETWORK_SHARE = 0.8;

/** A loaded model, and how its classes are shown. */
export interface LoadedModel {
  readonly segmenter: Segmenter;
  readonly list: ShownClasses;
}

/** Holds one loaded model at a time; another choice frees it first. */
export class Models {
  #loaded: { key: string; model: Promise<LoadedModel> } | undefined;
  /** What was taught last. */
  #taught: { name: string; file: Blob } | undefined;
  #lessons = 0;

  /** Takes a model file that was taught, in place of an earlier one. @returns its name */
  setTaught(file: Blob): string {
    const name = `taught-${++this.#lessons}`;
    this.#taught = { name, file };
    return name;
  }

  async get(choice: Choice): Promise<LoadedModel> {
    const key = JSON.stringify(choice);
    if (this.#loaded?.key === key) return this.#loaded.model;
    const file = this.#taught?.name === choice.model ? this.#taught.file : undefined;
    const model = load({ ...choice, file }, this.#loaded?.model);
    this.#loaded = { key, model };
    // What failed to load is loaded again when it is asked for again.
    model.catch(() => {
      if (this.#loaded?.model === model) this.#loaded = undefined;
    });
    return model;
  }
}

async function load(
  { model, file, device, dtype, rate }: Choice & { file: Blob | undefined },
  before: Promise<LoadedModel> | undefined,
): Promise<LoadedModel> {
  await before?.then(({ segmenter }) => segmenter.dispose()).catch(() => undefined);
  const name = file ? "what was taught" : `“${describeModel(model)}”`;
  say(`Loading ${name}…`);
  showProgress("working");
  try {
    const segmenter = await Segmenter.load(file ?? model, {
      ...{ device, dtype },
      ...(rate !== undefined && { budget: Math.floor((1000 * NETWORK_SHARE) / rate) }),
      onProgress({ loaded, total }) {
        showProgress(loaded / total);
        say(`Loading ${name} and its engine: ${(loaded / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
      },
    });
    const { classes, palette } = segmenter.model;
    return { segmenter, list: { classes, colors: file ? palette : displayPalette(classes) } };
  } finally {
    showProgress(undefined);
  }
}
