import { availableParallelism } from "node:os";
import { totalMemory } from "../../node/memory.ts";

/** Memory of a network with a photo of the largest size that it takes; see `SegmenterOptions.maxPixels`. */
const BYTES_OF_A_NETWORK = 1e9;

/** With more networks than this, drawing and writing what they find takes as long as finding it. */
const MOST_NETWORKS = 8;

/** How many networks this machine's memory has room for, at least 1. */
export function countFittingNetworks(): number {
  return Math.max(1, Math.floor(totalMemory() / BYTES_OF_A_NETWORK));
}

/**
 * Divides threads among networks for many photos: one thread each, as far as the memory allows.
 *
 * @param photos no more networks than photos
 * @param threads of all networks together. Defaults to the number of cores
 * @returns threads of each
 */
export function shareThreads(
  photos: number,
  threads: number = availableParallelism(),
): { concurrency: number; threads: number } {
  const concurrency = Math.max(1, Math.min(photos, threads, countFittingNetworks(), MOST_NETWORKS));
  return { concurrency, threads: Math.floor(threads / concurrency) };
}
