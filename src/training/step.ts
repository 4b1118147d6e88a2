/**
 * One training step as one graph: forward, loss, backward and the update of every parameter.
 */
import { differentiate } from "../graph/gradient.ts";
import { add, multiply, subtract } from "../graph/ops/elementwise.ts";
import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { input, isTrainable, scalar, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";

/** Parameters that share the settings of the optimiser. */
export interface ParameterGroup {
  /** Names the input that holds this group's learning rate: `learningRate.<name>`. */
  readonly name: string;
  readonly has: (parameterName: string) => boolean;
  /** Share of the last velocity that is kept, 0..1. */
  readonly momentum: number;
  /** Factor of the parameter that is added to its gradient (L2 penalty). */
  readonly weightDecay: number;
  /** Which of its parameters decay. Defaults to all. */
  readonly decays?: (parameter: Tensor) => boolean;
}

export interface TrainingStepOptions {
  /** The first group that has a parameter takes it; a parameter of no group stays as it is. */
  readonly groups: readonly ParameterGroup[];
  /** Weights of the classes in the loss, 1 each by default. */
  readonly classWeights?: readonly number[];
}

/** A value that the step replaces: fed as `input`, given back as `output`. */
export interface StateVariable {
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

export interface TrainingStep {
  /**
   * By name: `loss`, and the next value of all state. Inputs are `image` `[N, 3, H, W]`, `target` int32 `[N, H, W]`, one `learningRate.<group>`
   * for each group, and all parameters and velocities.
   */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Gradients by parameter name, for those who want to look at them. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** Parameters that change: trained ones and updated statistics. */
  readonly parameters: readonly StateVariable[];
  /** Velocities of SGD, zero at the start, by the name `velocity:<parameter>`. */
  readonly velocities: readonly StateVariable[];
}

/**
 * Stochastic gradient descent with momentum as in PyTorch:
 * `g = dloss/dp + weightDecay p`, `v = momentum v + g`, `p = p - learningRate v`.
 *
 * The loss is the cross-entropy of the scores resized to the target (bilinear), averaged over the pixels that have a class, plus
 * that of auxiliary scores and what else the network wants, each times its weight.
 */
export function buildTrainingStep(network: Network, options: TrainingStepOptions): TrainingStep {
  const [n = 1, , height = 1, width = 1] = network.image.shape;
  const target = input("target", [n, height, width], "int32");
  const lossOf = (scores: Tensor) => {
    const size = [Number(height), Number(width)] as const;
    const fullSize = resize(scores, { size, alignCorners: network.alignCorners });
    return softmaxCrossEntropy(fullSize, target, { classWeights: options.classWeights });
  };
  const terms = [
    ...network.auxiliary.map(({ scores, weight }) => multiply(lossOf(scores), scalar(weight))),
    ...network.lossTerms.map(({ build, weight }) => multiply(build(target), scalar(weight))),
  ];
  const total = terms.reduce(add, lossOf(network.scores));
  const folded = foldBatchNorm([total, ...network.updates.values()]);
  const loss = folded(total);

  const trained = [...network.parameters].flatMap(([name, tensor]) => {
    const group = isTrainable(tensor) ? options.groups.find(({ has }) => has(name)) : undefined;
    return group ? [{ name, tensor, group }] : [];
  });
  const gradients = differentiate(
    loss,
    trained.map(({ tensor }) => tensor),
  );
  const rates = new Map(options.groups.map((group) => [group, input(learningRateInput(group), [])]));

  const outputs: Record<string, Tensor> = { loss };
  const parameters: StateVariable[] = [];
  const velocities: StateVariable[] = [];
  const replace = (list: StateVariable[], variable: Tensor, name: string, next: Tensor) => {
    outputs[`next:${name}`] = next;
    list.push({ input: name, output: `next:${name}`, shape: variable.shape.map(Number) });
  };

  trained.forEach(({ name, tensor, group }, index) => {
    const gradient = gradients[index];
    const rate = rates.get(group);
    if (!gradient || !rate) throw new Error(`no gradient for ${name}`);
    const velocity = input(`velocity:${name}`, tensor.shape);
    const decays = group.weightDecay > 0 && (group.decays?.(tensor) ?? true);
    const decayed = decays ? add(gradient, multiply(tensor, scalar(group.weightDecay))) : gradient;
    const nextVelocity = add(multiply(velocity, scalar(group.momentum)), decayed);
    replace(parameters, tensor, name, subtract(tensor, multiply(nextVelocity, rate)));
    replace(velocities, tensor, `velocity:${name}`, nextVelocity);
  });
  for (const [name, next] of network.updates) {
    const tensor = network.parameters.get(name);
    if (tensor) replace(parameters, tensor, name, folded(next));
  }
  const byName = new Map(
    trained.flatMap(({ name }, index) => (gradients[index] ? [[name, gradients[index]] as const] : [])),
  );
  return { outputs, gradients: byName, parameters, velocities };
}

/** The input that holds the learning rate of a group. */
export function learningRateInput(group: { readonly name: string }): string {
  return `learningRate.${group.name}`;
}
