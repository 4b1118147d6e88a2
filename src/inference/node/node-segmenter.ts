import { decodePhoto } from "../../images/node/decode.ts";
import { type LoadRunnableModelOptions, loadRunnableModel } from "../../model-files/node/load.ts";
import { openNodeSession } from "../../runtime/node/session.ts";
import { Segmenter as CoreSegmenter, type SegmenterOptions } from "../segmenter.ts";

/** Segments photos in Node; see the options of `load`. */
export class Segmenter extends CoreSegmenter {
  /**
   * Loads a shipped model by name, or a model file, or a network with weights.
   *
   * @example
   * const segmenter = await Segmenter.load();
   * const { labels, found } = await segmenter.segment("photo.jpg");
   * await segmenter.dispose();
   *
   * @throws LightsegError NOT_FOUND, INVALID_WEIGHTS or INVALID_ARGUMENT if there is no such model
   */
  static async load(
    model?: string,
    options: Omit<LoadRunnableModelOptions, "model"> & Omit<SegmenterOptions, "dtype"> = {},
  ): Promise<Segmenter> {
    const { threads, maxPixels, ...source } = options;
    const loaded = await loadRunnableModel({ ...source, model });
    const settings = { threads, maxPixels, dtype: loaded.dtype };
    return new Segmenter(loaded.model, { open: openNodeSession, decodePhoto }, settings);
  }
}
