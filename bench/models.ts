/** The models and the photo that the benchmarks of forward passes share. */
import { fileURLToPath } from "node:url";
import { decodePhoto } from "../src/images/node/decode.ts";
import type { Photo } from "../src/images/types.ts";
import { DEFAULT_MODEL } from "../src/model-files/manifest.ts";
import { describePlainly, isQuantized, type Model } from "../src/model-files/model.ts";
import { loadRunnableModel } from "../src/model-files/node/load.ts";
import { initialWeights } from "../src/models/initialize.ts";
import { buildNetwork } from "../src/models/network.ts";

/** As many as PASCAL VOC has, background included. */
export const CLASSES = 21;

/** The shipped model where it is of this network; others get random weights, which take as long. */
export async function openBenchModel(network: string): Promise<{ model: Model; isShipped: boolean }> {
  const { model } = await loadRunnableModel({ model: DEFAULT_MODEL, dtype: "fp32" });
  if (!isQuantized(model) && model.network === network) return { model, isShipped: true };
  const { parameters } = buildNetwork({ network, classes: CLASSES });
  const weights = initialWeights(parameters, { seed: 1 });
  return { model: { ...describePlainly(network, CLASSES), weights }, isShipped: false };
}

/** A real photo, since the way from scores to labels depends on how many borders are in it. */
export function readBenchPhoto(): Promise<Photo> {
  return decodePhoto(fileURLToPath(new URL("../examples/chelsea.jpg", import.meta.url)));
}

/** A photo's pixels `times` over, as a batch. */
export function repeat(data: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(times * data.length);
  for (let copy = 0; copy < times; copy++) all.set(data, copy * data.length);
  return all;
}
