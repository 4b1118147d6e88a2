import { checkKeys } from "../../check.ts";
import { decodePhoto } from "../../images/node/decode.ts";
import { fitBudget } from "../budget.ts";
import { Segmenter as CoreSegmenter, type SegmenterOptions } from "../segmenter.ts";
import { type LoadOnDeviceOptions, loadOnDevice } from "./load-on-device.ts";

const OPTIONS = ["budget", "classes", "device", "dtype", "maxPixels", "onNote", "threads", "weights"];

/** Segments photos in Node; see the options of `load`. */
export class Segmenter extends CoreSegmenter {
  /**
   * Loads a shipped model by name, or a model file by its path or as a Blob, or a network with weights.
   *
   * @example
   * const segmenter = await Segmenter.load();
   * const { labels, found } = await segmenter.segment("photo.jpg");
   * await segmenter.dispose();
   *
   * @throws LightsegError NOT_FOUND, INVALID_WEIGHTS or INVALID_ARGUMENT if there is no such model, RUNTIME
   *   if a device that was named does not work
   */
  static async load(
    model?: string | Blob,
    options: Omit<LoadOnDeviceOptions, "model"> & Omit<SegmenterOptions, "dtype"> = {},
  ): Promise<Segmenter> {
    checkKeys(options, OPTIONS, "Segmenter.load");
    const { threads, maxPixels, budget, ...source } = options;
    const { model: loaded, dtype, open, note } = await loadOnDevice({ ...source, model });
    if (note !== undefined) source.onNote?.(note);
    const fitted = await fitBudget(loaded, { open, threads, dtype }, { budget, maxPixels });
    if (fitted) source.onNote?.(fitted.note);
    const limit = fitted?.maxPixels ?? maxPixels;
    return new Segmenter(loaded, { open, decodePhoto }, { threads, dtype, maxPixels: limit });
  }
}
