import type { Preprocessing } from "../models/preprocessing.ts";
import { type Batch, type BatchOptions, makeBatch } from "./batches.ts";
import { findDonors, pasteObjects } from "./copy-paste.ts";
import type { Stage } from "./stage.ts";

/** Makes the batch of the next step while the engine works on this one. */
export class BatchQueue {
  readonly #stage: Stage;
  readonly #options: BatchOptions;
  #next: { step: number; batch: Promise<Batch> } | undefined;

  constructor(stage: Stage, preprocessing: Preprocessing) {
    const { config, seed, counts = [] } = stage;
    this.#stage = stage;
    this.#options = {
      batch: config.batch,
      seed,
      augmentation: { ...config, preprocessing },
      ...(config.copyPaste > 0 && { drawPaste: pasteObjects(config.copyPaste, findDonors(counts)) }),
    };
  }

  /** The batch of a step of the stage, counted from 0. */
  async take(step: number): Promise<Batch> {
    const batch = await (this.#next?.step === step ? this.#next.batch : this.#make(step));
    this.#next = step + 1 < this.#stage.steps ? { step: step + 1, batch: this.#make(step + 1) } : undefined;
    return batch;
  }

  #make(step: number): Promise<Batch> {
    const batch = makeBatch(this.#stage.samples, this.#options, step);
    // Its error, if any, is thrown when its turn comes; until then it must not count as unhandled.
    batch.catch(() => undefined);
    return batch;
  }
}
