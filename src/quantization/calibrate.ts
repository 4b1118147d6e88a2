import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { channelsOf } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Photo } from "../images/types.ts";
import type { Engine, TensorData } from "../runtime/session.ts";
import { Histogram } from "./histogram.ts";

/** How many feature maps are held at once: at most some 600 MB for a photo of 480x360. */
const GROUP = 48;

/** What was seen of a feature map over all photos. */
export interface Observation {
  readonly histogram: Histogram;
  /** The mean of each channel. */
  readonly means: Float64Array;
}

export interface CalibrateOptions extends Engine {
  readonly photos: readonly Photo[];
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Called after each run of the network with the number done and the number of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Stops between two runs; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs a graph on photos, `pixels` uint8 `[1, H, W, 3]`, and collects its feature maps' values. */
export async function calibrate(
  maps: readonly Tensor[],
  options: CalibrateOptions,
): Promise<ReadonlyMap<Tensor, Observation>> {
  const { photos, weights, open, threads, onProgress, signal } = options;
  const observations = new Map<Tensor, Observation>();
  const groups = Array.from({ length: Math.ceil(maps.length / GROUP) }, (_, group) =>
    maps.slice(group * GROUP, (group + 1) * GROUP),
  );
  let done = 0;
  for (const group of groups) {
    const named = Object.fromEntries(group.map((map, index) => [`map ${index}`, map]));
    const collectors = new Map(
      Object.entries(named).map(([name, map]) => [name, new Collector(channelsOf("calibrate", map))]),
    );
    const bytes = lowerToOnnx(named, {
      parameters: (name) => weights.get(name) ?? "input",
      provider: open.provider,
    });
    const session = await open(bytes, { threads });
    try {
      for (const photo of photos) {
        signal?.throwIfAborted();
        const pixels = { data: photo.data, shape: [1, photo.height, photo.width, 3] };
        const results = await session.run({ pixels }, Object.keys(named));
        for (const [name, map] of Object.entries(results)) collectors.get(name)?.add(map);
        onProgress?.(++done, groups.length * photos.length);
      }
    } finally {
      await session.dispose();
    }
    for (const [name, map] of Object.entries(named)) {
      const collector = collectors.get(name);
      if (collector) observations.set(map, collector.finish());
    }
  }
  return observations;
}

/** Adds up one feature map over photos of any size. */
class Collector {
  readonly #histogram = new Histogram();
  readonly #sums: Float64Array;
  #places = 0;

  constructor(channels: number) {
    this.#sums = new Float64Array(channels);
  }

  add(map: TensorData): void {
    this.#histogram.add(map.data);
    const channels = this.#sums.length;
    const places = map.data.length / channels;
    this.#places += places;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let at = channel * places; at < (channel + 1) * places; at++) sum += map.data[at] ?? 0;
      this.#sums[channel] = (this.#sums[channel] ?? 0) + sum;
    }
  }

  finish(): Observation {
    return { histogram: this.#histogram, means: this.#sums.map((sum) => sum / this.#places) };
  }
}
