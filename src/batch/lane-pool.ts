import type { LoadedModel } from "../model-files/node/load.ts";
import { Lane } from "./lane.ts";

/**
 * Networks for chunks of several jobs, whose models may differ; no more at once than chunks are done side by
 * side.
 */
export class LanePool {
  readonly #threads: number;
  #idle: { readonly version: string; readonly lane: Lane }[] = [];

  /** @param threads of each network */
  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Hands a network of this model to `use`, for it alone. A network that failed is not used again. */
  async lend<T>(version: string, model: LoadedModel, use: (lane: Lane) => Promise<T>): Promise<T> {
    const place = this.#idle.findIndex((idle) => idle.version === version);
    const [found] = place >= 0 ? this.#idle.splice(place, 1) : [];
    // An unused network gives its memory to this one.
    if (!found) await this.#idle.shift()?.lane.dispose();
    const lane = found?.lane ?? new Lane(model, this.#threads);
    try {
      const result = await use(lane);
      this.#idle.push({ version, lane });
      return result;
    } catch (error) {
      await lane.dispose();
      throw error;
    }
  }

  async dispose(): Promise<void> {
    const lanes = this.#idle;
    this.#idle = [];
    await Promise.all(lanes.map(({ lane }) => lane.dispose()));
  }
}
