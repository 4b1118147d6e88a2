import { distributeConvolutions } from "../graph/rewrite/distribute-convolutions.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { foldConstants } from "../graph/rewrite/fold-constants.ts";
import { foldPreprocessing } from "../graph/rewrite/fold-preprocessing.ts";
import { keepBlocked } from "../graph/rewrite/keep-blocked.ts";
import { mergeConvolutions } from "../graph/rewrite/merge-convolutions.ts";
import type { Rewrite } from "../graph/rewrite/rewrite.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Model } from "../model-files/model.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import type { Layout } from "../runtime/session.ts";

export interface CompileOptions {
  /** Size of the photos, one at a time. Defaults to symbols: batches of photos of any size. */
  size?: readonly [height: number, width: number];
  /** The engine's layout (see `keepBlocked`), or `int8` for a graph to quantize. Defaults to `blocked`. */
  target?: Layout | "int8";
  /** The graph's input: `pixels`, bytes of a photo, or `image`, normalized. Defaults to `pixels`. */
  input?: "pixels" | "image";
}

/** A graph from a photo (`pixels`, uint8 `[N, H, W, 3]`, or `image`, float32 `[N, 3, H, W]`) to logits. */
export interface CompiledNetwork {
  /** Raw scores at the decoder's resolution, float32 `[N, classes, h, w]`. */
  readonly scores: Tensor;
  /** Values of all parameters of the graph, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * The graph of a model as the engine runs it: after exact graph rewrites and constant folding of the weights.
 *
 * @example
 * const { scores, weights } = compileForInference(model);
 * const onnx = lowerToOnnx({ scores }, { parameters: (name) => weights.get(name) ?? "input" });
 */
export function compileForInference(
  model: Model,
  { size, ...options }: CompileOptions = {},
): CompiledNetwork {
  const network = buildNetwork({
    network: model.network,
    classes: model.classes.length,
    size: size && [1, ...size],
  });
  let { scores } = network;
  for (const { rewrite } of inferenceRewrites(network, model.preprocessing, options)) {
    scores = rewrite([scores])(scores);
  }
  const { current, weights } = foldConstants([scores], (name) => model.weights.get(name)?.data);
  return { scores: current(scores), weights };
}

/** The exact rewrites of a network's graph, in order, each with a short summary. */
export function inferenceRewrites(
  { image }: Network,
  preprocessing: Preprocessing,
  { target = "blocked", input = "pixels" }: Pick<CompileOptions, "target" | "input"> = {},
): readonly { readonly summary: string; readonly rewrite: Rewrite }[] {
  return [
    { summary: "batch norm into convolutions", rewrite: foldBatchNorm },
    { summary: "two convolutions into one", rewrite: mergeConvolutions },
    ...(target !== "int8"
      ? [{ summary: "classifier across the last sum", rewrite: distributeConvolutions }]
      : []),
    ...(input === "pixels"
      ? [{ summary: "normalization into convolutions", rewrite: foldPreprocessing(image, preprocessing) }]
      : []),
    ...(target === "blocked" ? [{ summary: "ReLU6 behind convolutions alone", rewrite: keepBlocked }] : []),
  ];
}
