/**
 * One training step as one graph: forward, loss, backward and the update of every parameter.
 */
import { differentiate } from "../graph/gradient.ts";
import { relu } from "../graph/ops/activation.ts";
import { add, divide, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { keepHardPixels } from "../graph/ops/hard-pixels.ts";
import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { sum } from "../graph/ops/reduction.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { input, isTrainable, scalar, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";
import { adamInputs, type OptimizerSettings, updateParameter } from "./optimizer.ts";

/** Parameters that share the settings of the optimiser. */
export interface ParameterGroup extends OptimizerSettings {
  /** Names the input that holds this group's learning rate: `learningRate.<name>`. */
  readonly name: string;
  readonly has: (parameterName: string) => boolean;
  /** Which of its parameters decay. Defaults to all. */
  readonly decays?: (parameter: Tensor) => boolean;
}

export interface TrainingStepOptions {
  /** The first group that has a parameter takes it; a parameter of no group stays as it is. */
  readonly groups: readonly ParameterGroup[];
  /** Weights of the classes in the loss, 1 each by default. */
  readonly classWeights?: readonly number[];
  /** Share of the labelled pixels that count in the loss, the hardest ones; 1 by default. Auxiliary losses have all. */
  readonly hardPixels?: number;
  /** Gradients whose norm, taken over all parameters, is larger are scaled down to it. No limit by default. */
  readonly clipNorm?: number;
  /** Keep a moving average of all parameters: `a = d a + (1 - d) p`, d at most this. Default 0: keep none. */
  readonly averaging?: number;
}

/** A value that the step replaces: fed as `input`, given back as `output`. */
export interface StateVariable {
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

export interface TrainingStep {
  /** By name: `loss`, and the next value of all state. Inputs are `image` `[N, 3, H, W]`, `target` int32 `[N, H, W]`, all state, and scalars. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Gradients by parameter name, before clipping, for those who want to look at them. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** Parameters that change: trained ones and updated statistics. */
  readonly parameters: readonly StateVariable[];
  /** What the optimiser remembers, zero at the start. */
  readonly memory: readonly StateVariable[];
  /** Moving averages, `average:<parameter>`, which begin as the parameters. */
  readonly averages: readonly StateVariable[];
  /** The scalar inputs of a step: learning rates by group, and what depends on the step's number, from 0. */
  scalars(options: { step: number; rates: Readonly<Record<string, number>> }): Record<string, number>;
}

/**
 * The loss is the cross-entropy of the scores resized to the target (bilinear), averaged over the pixels that have a class, plus
 * that of auxiliary scores and what else the network wants, each times its weight. See optimizer.ts for the update.
 */
export function buildTrainingStep(network: Network, options: TrainingStepOptions): TrainingStep {
  const { groups, clipNorm, averaging = 0 } = options;
  const target = input("target", targetShape(network), "int32");
  const total = buildLoss(network, target, options);
  const folded = foldBatchNorm([total, ...network.updates.values()]);
  const loss = folded(total);

  const trained = [...network.parameters].flatMap(([name, tensor]) => {
    const group = isTrainable(tensor) ? groups.find(({ has }) => has(name)) : undefined;
    return group ? [{ name, tensor, group }] : [];
  });
  const gradients = differentiate(
    loss,
    trained.map(({ tensor }) => tensor),
  ).map((gradient, index) => gradient ?? missingGradient(trained[index]?.name));
  const clip = clipNorm === undefined ? undefined : clipFactor(gradients, clipNorm);
  const rates = new Map(groups.map((group) => [group, input(learningRateInput(group.name), [])]));

  const outputs: Record<string, Tensor> = { loss };
  const parameters: StateVariable[] = [];
  const memories: StateVariable[] = [];
  const averages: StateVariable[] = [];
  const replace = (list: StateVariable[], name: string, next: Tensor) => {
    outputs[`next:${name}`] = next;
    list.push({ input: name, output: `next:${name}`, shape: next.shape.map(Number) });
  };
  const replaceParameter = (name: string, next: Tensor) => {
    replace(parameters, name, next);
    if (averaging === 0) return;
    const average = input(averageName(name), next.shape);
    const moved = multiply(subtract(next, average), subtract(scalar(1), averageDecay));
    replace(averages, averageName(name), add(average, moved));
  };

  trained.forEach(({ name, tensor, group }, index) => {
    const gradient = gradients[index];
    const rate = rates.get(group);
    if (!gradient || !rate) throw new Error(`no gradient for ${name}`);
    const { decays = () => true } = group;
    const { next, memory } = updateParameter({
      name,
      parameter: tensor,
      gradient: clip ? multiply(gradient, clip) : gradient,
      rate,
      settings: decays(tensor) ? group : { ...group, weightDecay: 0 },
    });
    replaceParameter(name, next);
    for (const entry of memory) replace(memories, entry.name, entry.next);
  });
  for (const [name, next] of network.updates)
    if (groups.some(({ has }) => has(name))) replaceParameter(name, folded(next));

  return {
    outputs,
    parameters,
    memory: memories,
    averages,
    gradients: new Map(trained.map(({ name }, index) => [name, gradients[index] ?? missingGradient(name)])),
    scalars: ({ step, rates }) => ({
      ...Object.fromEntries(groups.map(({ name }) => [learningRateInput(name), rates[name] ?? 0])),
      ...Object.assign({}, ...groups.map((group) => adamInputs(step, group))),
      // The first averages are those of few steps, so that the random beginning is forgotten soon.
      ...(averaging > 0 && { averageDecay: Math.min(averaging, (1 + step) / (10 + step)) }),
    }),
  };
}

const averageDecay = input("averageDecay", []);

/** The name of a parameter's moving average among the state. */
export function averageName(parameter: string): string {
  return `average:${parameter}`;
}

function targetShape({ image: { shape } }: Network): readonly [n: number, height: number, width: number] {
  const [n = 1, , height = 1, width = 1] = shape.map(Number);
  return [n, height, width];
}

function buildLoss(network: Network, target: Tensor, options: TrainingStepOptions): Tensor {
  const { classWeights, hardPixels = 1 } = options;
  const [, ...size] = targetShape(network);
  const fullSize = (scores: Tensor) => resize(scores, { size, alignCorners: network.alignCorners });
  const scores = fullSize(network.scores);
  const counted = hardPixels < 1 ? keepHardPixels(scores, target, { share: hardPixels }) : target;
  const terms = [
    ...network.auxiliary.map(({ scores, weight }) =>
      multiply(softmaxCrossEntropy(fullSize(scores), target, { classWeights }), scalar(weight)),
    ),
    ...network.lossTerms.map(({ build, weight }) => multiply(build(target), scalar(weight))),
  ];
  return terms.reduce(add, softmaxCrossEntropy(scores, counted, { classWeights }));
}

/** min(1, limit / norm of all gradients together), as PyTorch's `clip_grad_norm_`. */
function clipFactor(gradients: readonly Tensor[], limit: number): Tensor {
  const squares = gradients.map((gradient) =>
    sum(
      multiply(gradient, gradient),
      gradient.shape.map((_, axis) => axis),
    ),
  );
  const norm = squareRoot(squares.reduce(add));
  const ratio = divide(scalar(limit), add(norm, scalar(1e-6)));
  // min(1, r) = 1 - max(0, 1 - r)
  return subtract(scalar(1), relu(subtract(scalar(1), ratio)));
}

/** The input that holds the learning rate of a group. */
export function learningRateInput(group: string): string {
  return `learningRate.${group}`;
}

function missingGradient(name: string | undefined): never {
  throw new Error(`no gradient for ${name}`);
}
