import { decodePhoto } from "../images/node/decode.ts";
import type { Photo } from "../images/types.ts";
import { type ConfidenceMeter, openConfidenceMeter } from "../inference/class-confidence.ts";
import { sumByLabel } from "../inference/class-shares.ts";
import { type Segmentation, Segmenter } from "../inference/segmenter.ts";
import type { RunnableModel } from "../model-files/model.ts";
import type { LoadedModel } from "../model-files/node/load.ts";
import { openNodeSession } from "../runtime/node/session.ts";
import type { JobSettings } from "./job.ts";

/** A lane's result for a photo. */
export interface LaneResult extends Segmentation {
  /** From pixels to labels, without waiting for the photos before. */
  readonly milliseconds: number;
  readonly pixelConfidence?: { readonly width: number; readonly height: number; readonly data: Float32Array };
}

/** One network at work; several run side by side. Owns engine sessions. */
export class Lane {
  readonly model: RunnableModel;
  readonly #segmenter: Segmenter;
  readonly #threads: number;
  #meter: Promise<ConfidenceMeter> | undefined;
  /** When the photo before was done. */
  #lastDone = 0;

  constructor({ model, dtype }: LoadedModel, threads: number) {
    this.model = model;
    this.#threads = threads;
    this.#segmenter = new Segmenter(model, { open: openNodeSession, decodePhoto }, { threads, dtype });
  }

  /** @throws LightsegError RUNTIME if the engine fails */
  async segment(photo: Photo, { confidence, keepConfident }: JobSettings): Promise<LaneResult> {
    const start = performance.now();
    const scores = keepConfident !== null;
    const result = await this.#segmenter.segment(photo, { confidence: confidence && !scores, scores });
    const measured = scores ? await this.#measurePixels(result) : result;
    const done = performance.now();
    const milliseconds = done - Math.max(start, this.#lastDone);
    this.#lastDone = done;
    return { ...measured, milliseconds };
  }

  async dispose(): Promise<void> {
    const meter = await this.#meter?.catch(() => undefined);
    await Promise.all([this.#segmenter.dispose(), meter?.dispose()]);
  }

  async #measurePixels(result: Segmentation): Promise<Omit<LaneResult, "milliseconds">> {
    if (!result.scores) throw new TypeError("the network has no scores");
    this.#meter ??= openConfidenceMeter(this.model, { open: openNodeSession, threads: this.#threads });
    const pixels = await (await this.#meter).measurePixels(result.scores, result.networkSize);
    const counts = sumByLabel(pixels.labels);
    const sums = sumByLabel(pixels.labels, pixels.confidence);
    const found = result.found.map((share) => ({
      ...share,
      confidence: (sums[share.label] ?? 0) / Math.max(1, counts[share.label] ?? 0),
    }));
    return { ...result, found, pixelConfidence: { ...result.networkSize, data: pixels.confidence } };
  }
}
