import { decodePhoto } from "../images/decode.ts";
import { openNodeSession } from "../runtime/node.ts";
import { type LoadModelOptions, loadRunnableModel } from "./load-model.ts";
import { Segmenter as CoreSegmenter, type SegmenterOptions } from "./segmenter.ts";

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
    options: Omit<LoadModelOptions, "model"> & SegmenterOptions = {},
  ): Promise<Segmenter> {
    const { threads, maxPixels, ...source } = options;
    const loaded = await loadRunnableModel({ ...source, model });
    return new Segmenter(loaded, { open: openNodeSession, decodePhoto }, { threads, maxPixels });
  }
}
