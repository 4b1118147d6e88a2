import { checkInteger, checkKeys } from "../../check.ts";
import { decodePhoto } from "../../images/node/decode.ts";
import { MAX_THREADS } from "../../runtime/session.ts";
import { sideBySide } from "../../runtime/side-by-side.ts";
import { fitBudget } from "../budget.ts";
import { Segmenter as CoreSegmenter, type SegmenterOptions } from "../segmenter.ts";
import { type LoadOnDeviceOptions, loadOnDevice } from "./load-on-device.ts";
import { shareThreads } from "./share-threads.ts";

/** Options of `Segmenter.load` in Node. */
export interface LoadSegmenterOptions
  extends Omit<LoadOnDeviceOptions, "model">,
    Omit<SegmenterOptions, "dtype"> {
  /**
   * Networks side by side, for many photos or the frames of a clip: more of them a second, while each takes
   * longer. Each has `threads` threads, and up to 1 GB of memory; `"auto"` divides `threads` among as many as
   * there is room for. On a GPU there is one. Defaults to 1.
   */
  concurrency?: number | "auto";
}

const OPTIONS: readonly (keyof LoadSegmenterOptions)[] = [
  "budget",
  "classes",
  "concurrency",
  "device",
  "dtype",
  "maxPixels",
  "onNote",
  "threads",
  "weights",
];

/**
 * Segments photos with one model, which `load` loads. Owns engine sessions: call `dispose()` (or declare it
 * with `await using`) when done.
 *
 * Runs never block the event loop; several photos may be asked for at once, of which `concurrency` are done
 * side by side.
 */
export class Segmenter extends CoreSegmenter {
  /**
   * Loads a shipped model by name, or a model file by its path or file URL or as a Blob, or the best model
   * of a training run by its folder, or a network with weights.
   *
   * @example
   * const segmenter = await Segmenter.load();
   * const { labels, found } = await segmenter.segment("photo.jpg");
   * await segmenter.dispose();
   *
   * @throws LightsegError NOT_FOUND, INVALID_WEIGHTS or INVALID_ARGUMENT if there is no such model, RUNTIME
   *   if a device that was named does not work
   */
  static async load(model?: string | URL | Blob, options: LoadSegmenterOptions = {}): Promise<Segmenter> {
    checkKeys(options, OPTIONS, "Segmenter.load");
    const { threads: all, maxPixels, budget, concurrency: asked = 1, ...source } = options;
    if (asked !== "auto") checkInteger(asked, "Segmenter.load", "concurrency", 1, MAX_THREADS);
    if (all !== undefined) checkInteger(all, "Segmenter.load", "threads", 1, MAX_THREADS);
    if (maxPixels !== undefined) checkInteger(maxPixels, "Segmenter.load", "maxPixels");
    const { model: loaded, dtype, device, open: openOne, note } = await loadOnDevice({ ...source, model });
    const many = device === "cpu" ? asked : 1;
    const { concurrency, threads } =
      many === "auto" ? shareThreads(Number.POSITIVE_INFINITY, all) : { concurrency: many, threads: all };
    const open = sideBySide(openOne, concurrency);
    if (note !== undefined) source.onNote?.(note);
    const fitted = await fitBudget(loaded, { open, threads, dtype }, { budget, maxPixels });
    if (fitted) source.onNote?.(fitted.note);
    const limit = fitted?.maxPixels ?? maxPixels;
    return new Segmenter(loaded, { open, decodePhoto }, { threads, dtype, maxPixels: limit });
  }
}
