import { countValues, fixedShape } from "../graph/shape.ts";
import { collect, type Tensor } from "../graph/tensor.ts";
import { inferenceRewrites } from "../inference/compile.ts";
import { buildNetwork } from "../models/network.ts";
import { findNetwork } from "../models/zoo.ts";

/** What a network's graph holds and costs at one stage of its way to the engine. */
export interface GraphSize {
  /** What has just been done to it, e.g. `batch norm into convolutions`. */
  readonly stage: string;
  /** Values that it reads beside the photo: weights, biases, statistics. */
  readonly weights: number;
  /** Multiply-accumulates for one photo. Those of constant folding are done once and not counted. */
  readonly macs: number;
  /** Ops that are computed for each photo. */
  readonly nodes: number;
}

/**
 * A network as it is defined, and after each of the rewrites that make it the graph that the engine runs.
 *
 * @throws LightsegError NOT_FOUND for an unknown network, INVALID_ARGUMENT for a number of classes out of
 *   range
 */
export function followRewrites({
  network: name,
  classes,
  size,
}: {
  network: string;
  classes: number;
  size: readonly [height: number, width: number];
}): GraphSize[] {
  const network = buildNetwork({ network: name, classes, size: [1, ...size] });
  let { scores } = network;
  const stages = [measure("as defined", scores)];
  for (const { summary, rewrite } of inferenceRewrites(network, findNetwork(name).backbone.preprocessing)) {
    scores = rewrite([scores])(scores);
    stages.push(measure(summary, scores));
  }
  return stages;
}

function measure(stage: string, output: Tensor): GraphSize {
  const varying = new Set<Tensor>();
  const fixed = new Set<Tensor>();
  for (const tensor of collect([output])) {
    if (tensor.leaf?.kind === "input" || tensor.inputs.some((x) => varying.has(x))) varying.add(tensor);
  }
  const nodes = [...varying].filter(({ leaf }) => !leaf);
  for (const { inputs } of nodes) for (const input of inputs) if (!varying.has(input)) fixed.add(input);
  return {
    stage,
    weights: sum([...fixed], ({ shape }) => countValues(fixedShape("followRewrites", shape))),
    macs: sum(nodes, (tensor) => tensor.macs()),
    nodes: nodes.length,
  };
}

function sum(tensors: readonly Tensor[], count: (tensor: Tensor) => number): number {
  return tensors.reduce((total, tensor) => total + count(tensor), 0);
}
