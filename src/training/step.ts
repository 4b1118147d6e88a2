/**
 * One training step as one graph: forward, loss, backward and the update of every parameter.
 */
import { differentiate } from "../graph/gradient.ts";
import { atMost } from "../graph/ops/activation.ts";
import { add, divide, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { softJaccardLoss } from "../graph/ops/jaccard.ts";
import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { keepHardPixels } from "../graph/ops/ohem.ts";
import { sum } from "../graph/ops/reduction.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { input, isTrainable, scalar, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";
import type { TrainingConfig } from "./config.ts";
import { adamInputs, biasCorrections, type OptimizerSettings, updateParameter } from "./optimizer.ts";
import {
  averageName,
  gradientInput,
  gradientName,
  learningRateInput,
  nextName,
  weightInput,
} from "./state-names.ts";

/** Parameters that share the settings of the optimiser. */
export interface ParameterGroup extends OptimizerSettings {
  /** Names the inputs that hold this group's learning rate and bias corrections. */
  readonly name: string;
  readonly has: (parameterName: string) => boolean;
  /** Which of its parameters decay. Defaults to all. */
  readonly decays?: (parameter: Tensor) => boolean;
}

/** Settings that shape the step, see settings.ts. Auxiliary losses count all pixels, whatever `hardPixels` is. */
type StepSettings = Pick<TrainingConfig, "hardPixels" | "jaccard" | "clipNorm" | "averaging">;

export interface TrainingStepOptions extends Partial<StepSettings> {
  /** The first group that has a parameter takes it; a parameter of no group stays as it is. */
  readonly groups: readonly ParameterGroup[];
  /** Weights of the classes in the loss, 1 each by default. */
  readonly lossWeights?: readonly number[];
}

/** A value that the step replaces: fed as `input`, given back as `output`. */
export interface StateVariable {
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

/** What a step replaces, and the inputs that it needs beside a batch. */
export interface Update {
  /** The next value of all state, by the outputs' names. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Parameters that change: trained ones and updated statistics. */
  readonly parameters: readonly StateVariable[];
  /** What the optimizer remembers, zero at the start. */
  readonly memory: readonly StateVariable[];
  /** Exponential moving averages (EMA), which begin as the parameters. */
  readonly averages: readonly StateVariable[];
  /** The scalar inputs of a step: learning rates by group, and what depends on the step's number, from 0. */
  scalars(options: { step: number; rates: Readonly<Record<string, number>> }): Record<string, number>;
}

/** A step in one graph. */
export interface TrainingStep extends Update {
  readonly kind: "whole";
  /** By name: `loss`, and the next value of all state. Inputs are `image` `[N, 3, H, W]`, `target` int32 `[N, H, W]`, all state, and scalars. */
  readonly outputs: Update["outputs"];
  /** Gradients by parameter name, before clipping, for those who want to look at them. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/**
 * The loss is the cross-entropy of the scores resized to the target (bilinear), averaged over the pixels that have a class, plus
 * that of auxiliary scores, the soft Jaccard loss and what else the network wants, each times its weight. See
 * optimizer.ts for the update.
 */
export function buildTrainingStep(network: Network, options: TrainingStepOptions): TrainingStep {
  const { loss, trained, updates } = differentiateLoss(network, options);
  const update = buildUpdate(trained, updates, options);
  return {
    kind: "whole",
    ...update,
    outputs: { loss, ...update.outputs },
    gradients: gradientsOf(trained),
  };
}

/** A step in two graphs: one for each replica's part of a batch, one for the update. */
export interface ReplicatedStep {
  readonly kind: "replicated";
  readonly replicas: number;
  /** `loss` and the gradients. Inputs are `image` and `target` of a part, and the trained parameters. */
  readonly part: Readonly<Record<string, Tensor>>;
  /** What the pixels of a part weigh in the loss of the batch: the sum of their classes' weights. */
  weigh(target: ArrayLike<number>): number;
  /** Inputs are state, scalars, and the gradients (`gradientInput`) and weight in the mean (`weightInput`) of each replica. */
  readonly update: Update;
}

/**
 * The same step for a batch that is divided among replicas of the network.
 *
 * The loss is a mean over pixels, so the batch's gradient is the mean of the parts' gradients, each weighted by what its
 * pixels weigh. That holds for cross-entropy alone: hard pixels (OHEM), the Jaccard loss and further terms are taken
 * within a part.
 *
 * @param network built for the size of one part, with frozen batch norm
 */
export function buildReplicatedStep(
  network: Network,
  { replicas, ...options }: TrainingStepOptions & { replicas: number },
): ReplicatedStep {
  const { loss, trained } = differentiateLoss(network, options);
  const weights = Array.from({ length: replicas }, (_, replica) => input(weightInput(replica), []));
  const combined = trained.map((entry) => ({
    ...entry,
    gradient: weights
      .map((weight, replica) =>
        multiply(input(gradientInput(entry.name, replica), entry.gradient.shape), weight),
      )
      .reduce(add),
  }));
  const gradients = [...gradientsOf(trained)].map(([name, gradient]) => [gradientName(name), gradient]);
  const classes = Number(network.scores.shape[1]);
  const { lossWeights = new Array<number>(classes).fill(1) } = options;
  return {
    kind: "replicated",
    replicas,
    part: { loss, ...Object.fromEntries(gradients) },
    weigh(target) {
      let total = 0;
      for (let pixel = 0; pixel < target.length; pixel++) total += lossWeights[target[pixel] ?? 255] ?? 0;
      return total;
    },
    update: buildUpdate(combined, new Map(), options),
  };
}

/** A parameter that is trained, and the derivative of the loss with respect to it. */
interface Trained {
  readonly name: string;
  readonly tensor: Tensor;
  readonly group: ParameterGroup;
  readonly gradient: Tensor;
}

function differentiateLoss(network: Network, options: TrainingStepOptions) {
  const target = input("target", targetShape(network), "int32");
  const total = buildLoss(network, target, options);
  const folded = foldBatchNorm([total, ...network.updates.values()]);
  const loss = folded(total);
  const parameters = [...network.parameters].flatMap(([name, tensor]) => {
    const group = isTrainable(tensor) ? options.groups.find(({ has }) => has(name)) : undefined;
    return group ? [{ name, tensor, group }] : [];
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

function gradientsOf(trained: readonly Trained[]): ReadonlyMap<string, Tensor> {
  return new Map(trained.map(({ name, gradient }) => [name, gradient]));
}

/** @param updates statistics, by name, that a step replaces too */
function buildUpdate(
  trained: readonly Trained[],
  updates: ReadonlyMap<string, Tensor>,
  { groups, clipNorm, averaging = 0 }: TrainingStepOptions,
): Update {
  const clip = clipNorm === undefined ? undefined : clipFactor([...gradientsOf(trained).values()], clipNorm);
  const inputs = new Map(
    groups.map((group) => {
      const rate = input(learningRateInput(group.name), []);
      return [group, { rate, corrections: biasCorrections(group.name) }];
    }),
  );

  const outputs: Record<string, Tensor> = {};
  const parameters: StateVariable[] = [];
  const memory: StateVariable[] = [];
  const averages: StateVariable[] = [];
  const replace = (list: StateVariable[], name: string, next: Tensor) => {
    const output = nextName(name);
    outputs[output] = next;
    list.push({ input: name, output, shape: next.shape.map(Number) });
  };
  const replaceParameter = (name: string, next: Tensor) => {
    replace(parameters, name, next);
    if (averaging === 0) return;
    const average = input(averageName(name), next.shape);
    const moved = multiply(subtract(next, average), subtract(scalar(1), averageDecay));
    replace(averages, averageName(name), add(average, moved));
  };

  for (const { name, tensor, group, gradient } of trained) {
    const own = inputs.get(group);
    if (!own) throw new Error(`no learning rate for ${name}`);
    const { decays = () => true } = group;
    const { next, memory: remembered } = updateParameter({
      name,
      parameter: tensor,
      gradient: clip ? multiply(gradient, clip) : gradient,
      ...own,
      settings: decays(tensor) ? group : { ...group, weightDecay: 0 },
    });
    replaceParameter(name, next);
    for (const entry of remembered) replace(memory, entry.name, entry.next);
  }
  for (const [name, next] of updates) if (groups.some(({ has }) => has(name))) replaceParameter(name, next);

  return {
    outputs,
    parameters,
    memory,
    averages,
    scalars: ({ step, rates }) => ({
      ...Object.fromEntries(groups.map(({ name }) => [learningRateInput(name), rates[name] ?? 0])),
      ...Object.assign({}, ...groups.map((group) => adamInputs(step, group.name, group))),
      // The first averages are those of few steps, so that the random beginning is forgotten soon.
      ...(averaging > 0 && { averageDecay: Math.min(averaging, (1 + step) / (10 + step)) }),
    }),
  };
}

const averageDecay = input("averageDecay", []);

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
  return atMost(ratio, 1);
}

function missingGradient(name: string): never {
  throw new Error(`no gradient for ${name}`);
}
