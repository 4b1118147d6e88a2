/** One training step as one graph: forward, loss, backward and the update of every parameter. */
import { differentiate } from "../graph/gradient.ts";
import { add, multiply } from "../graph/ops/elementwise.ts";
import { softJaccardLoss } from "../graph/ops/jaccard.ts";
import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { keepHardPixels } from "../graph/ops/ohem.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { input, isTrainable, scalar, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";
import type { TrainingConfig } from "./config.ts";
import { unpackMembers } from "./packs.ts";
import { buildUpdate, type Trained, type Update, type UpdateOptions } from "./update.ts";

/** Settings of the step, see settings.ts. Auxiliary losses count all pixels, whatever `hardPixels` is. */
export interface TrainingStepOptions
  extends UpdateOptions,
    Partial<Pick<TrainingConfig, "hardPixels" | "jaccard">> {
  /** Weights of the classes in the loss, 1 each by default. */
  readonly lossWeights?: readonly number[];
}

/** A step in one graph. */
export interface TrainingStep extends Update {
  readonly kind: "whole";
  /**
   * Outputs: `loss`, next state. Inputs: `image` `[N, 3, H, W]`, int32 `target` `[N, H, W]`, state, scalars.
   */
  readonly outputs: Update["outputs"];
  /** Gradients by parameter name, before clipping, in a graph that reads no packs. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/**
 * The loss is the cross-entropy of the scores resized to the target (bilinear), averaged over labelled
 * pixels, plus that of auxiliary scores, the soft Jaccard loss and the network's own terms, each times its
 * weight. See optimizer.ts for the update.
 */
export function buildTrainingStep(network: Network, options: TrainingStepOptions): TrainingStep {
  const { loss, trained, updates } = differentiateLoss(network, options);
  const { packs, ...update } = buildUpdate(trained, updates, options);
  const outputs = { loss, ...update.outputs };
  // The network reads its parameters out of the packs.
  const unpacked = new Map(packs.flatMap(({ tensor, members }) => [...unpackMembers(tensor, members)]));
  const current = rewriteGraph(Object.values(outputs), (tensor) => {
    const { leaf } = tensor;
    return (leaf?.kind === "parameter" ? unpacked.get(leaf.name) : undefined) ?? tensor;
  });
  return {
    kind: "whole",
    ...update,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, current(tensor)])),
    gradients: gradientsOf(trained),
  };
}

/** The loss of a network, and what is trained with the gradients of each. */
export function differentiateLoss(network: Network, options: TrainingStepOptions) {
  const target = input("target", targetShape(network), "int32");
  const total = buildLoss(network, target, options);
  const folded = foldBatchNorm([total, ...network.updates.values()]);
  const loss = folded(total);
  const parameters = [...network.parameters].flatMap(([name, tensor]) => {
    const group = isTrainable(tensor) ? options.groups.find(({ has }) => has(name)) : undefined;
    return group ? [{ name, tensor, group, decays: group.decays?.(tensor) ?? true }] : [];
  });
  const gradients = differentiate(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  const trained: Trained[] = parameters.map((entry, index) => ({
    ...entry,
    gradient: gradients[index] ?? missingGradient(entry.name),
  }));
  const updates = new Map([...network.updates].map(([name, next]) => [name, folded(next)]));
  return { loss, trained, updates };
}

/** Gradients by parameter name. */
export function gradientsOf(trained: readonly Trained[]): ReadonlyMap<string, Tensor> {
  return new Map(trained.map(({ name, gradient }) => [name, gradient]));
}

function targetShape({ image: { shape } }: Network): readonly [n: number, height: number, width: number] {
  const [n = 1, , height = 1, width = 1] = shape.map(Number);
  return [n, height, width];
}

function buildLoss(network: Network, target: Tensor, options: TrainingStepOptions): Tensor {
  const { lossWeights: classWeights, hardPixels = 1, jaccard = 0 } = options;
  const [, ...size] = targetShape(network);
  const fullSize = (scores: Tensor) => resize(scores, { size, alignCorners: network.alignCorners });
  const scores = fullSize(network.scores);
  const counted = hardPixels < 1 ? keepHardPixels(scores, target, { share: hardPixels }) : target;
  const terms = [
    ...network.auxiliary.map(({ scores, weight }) =>
      multiply(softmaxCrossEntropy(fullSize(scores), target, { classWeights }), scalar(weight)),
    ),
    ...(jaccard > 0 ? [multiply(softJaccardLoss(scores, target), scalar(jaccard))] : []),
    ...network.lossTerms.map(({ build, weight }) => multiply(build(target), scalar(weight))),
  ];
  return terms.reduce(add, softmaxCrossEntropy(scores, counted, { classWeights }));
}

function missingGradient(name: string): never {
  throw new Error(`no gradient for ${name}`);
}
