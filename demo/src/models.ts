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

/** Holds one loaded model at a time; another choice frees it first, or ends its download. */
export class Models {
  #loaded: { key: string; model: Promise<LoadedModel> } | undefined;
  #loading = new AbortController();
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
    this.#loading.abort();
    this.#loading = new AbortController();
    const model = load({ ...choice, file, signal: this.#loading.signal }, this.#loaded?.model);
    this.#loaded = { key, model };
    // What failed to load is loaded again when it is asked for again.
    model.catch(() => {
      if (this.#loaded?.model === model) this.#loaded = undefined;
    });
    return model;
  }
}

interface LoadChoice extends Choice {
  readonly file: Blob | undefined;
  readonly signal: AbortSignal;
}

async function load(
  { model, file, device, dtype, rate, signal }: LoadChoice,
  before: Promise<LoadedModel> | undefined,
): Promise<LoadedModel> {
  await before?.then(({ segmenter }) => segmenter.dispose()).catch(() => undefined);
  const name = file ? "what was taught" : `“${describeModel(model)}”`;
  say(`Loading ${name}…`);
  showProgress("working");
  try {
    let isTold = false;
    const segmenter = await Segmenter.load(file ?? model, {
      ...{ device, dtype, signal },
      ...(rate !== undefined && { budget: Math.floor((1000 * NETWORK_SHARE) / rate) }),
      onProgress({ loaded, total }) {
        showProgress(loaded / total);
        // Once: screen readers read it aloud each time.
        if (!isTold) say(`Loading ${name} and its engine: ${(total / 1e6).toFixed(1)} MB`);
        isTold = true;
      },
    });
    const { classes, palette } = segmenter.model;
    return { segmenter, list: { classes, colors: file ? palette : displayPalette(classes) } };
  } finally {
    showProgress(undefined);
  }
}
