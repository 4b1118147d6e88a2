/** One training step as one graph: forward, loss, backward and the update of every parameter. */
import { differentiate } from "../graph/gradient.ts";
import { atMost } from "../graph/ops/activation.ts";
import { add, divide, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { softJaccardLoss } from "../graph/ops/jaccard.ts";
import { softmaxCrossEntropy } from "../graph/ops/loss.ts";
import { keepHardPixels } from "../graph/ops/ohem.ts";
import { pack } from "../graph/ops/pack.ts";
import { sum } from "../graph/ops/reduction.ts";
import { resize } from "../graph/ops/resize.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { fixedShape } from "../graph/shape.ts";
import { input, isTrainable, scalar, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";
import type { TrainingConfig } from "./config.ts";
import { adamInputs, biasCorrections, type OptimizerSettings, updateParameter } from "./optimizer.ts";
import { divideForPacks, type Member, makePack, type Pack, unpackMembers } from "./packs.ts";
import {
  averageName,
  gradientInput,
  gradientName,
  learningRateInput,
  memoryName,
  nextName,
  weightInput,
} from "./state-names.ts";

/** Parameters that share the settings of the optimizer. */
export interface ParameterGroup extends OptimizerSettings {
  /** Names the inputs that hold this group's learning rate and bias corrections. */
  readonly name: string;
  readonly has: (parameterName: string) => boolean;
  /** Which of its parameters decay. Defaults to all. */
  readonly decays?: (parameter: Tensor) => boolean;
}

/** Settings of the step, see settings.ts. Auxiliary losses count all pixels, whatever `hardPixels` is. */
type StepSettings = Pick<TrainingConfig, "hardPixels" | "jaccard" | "clipNorm" | "averaging">;

export interface TrainingStepOptions extends Partial<StepSettings> {
  /** The first group that has a parameter takes it; a parameter of no group stays as it is. */
  readonly groups: readonly ParameterGroup[];
  /** Weights of the classes in the loss, 1 each by default. */
  readonly lossWeights?: readonly number[];
  /** Whether state lies in packs, see packs.ts. Defaults to false: one variable for each parameter. */
  readonly packed?: boolean;
}

/** A value that the step replaces: fed as `input`, given back as `output`. */
export interface StateVariable {
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
  /** What it holds, by the names that checkpoints use: itself, or the members of a pack. */
  readonly members: readonly Member[];
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

/** A step in two graphs: one for each replica's part of a batch, one for the update. */
export interface ReplicatedStep {
  readonly kind: "replicated";
  readonly replicas: number;
  /** `loss` and the gradients. Inputs are `image` and `target` of a part, and the trained parameters. */
  readonly part: Readonly<Record<string, Tensor>>;
  /** What the pixels of a part weigh in the loss of the batch: the sum of their classes' weights. */
  weigh(target: ArrayLike<number>): number;
  /** Inputs: state, scalars, each replica's gradients (`gradientInput`) and weight (`weightInput`). */
  readonly update: Update;
}

/**
 * The same step for a batch that is divided among replicas of the network.
 *
 * The loss is a mean over pixels, so the batch's gradient is the mean of its parts' gradients, weighted by
 * their pixels. That holds for cross-entropy alone: OHEM, the Jaccard loss and further terms are taken within
 * a part.
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
  readonly decays: boolean;
  readonly gradient: Tensor;
}

function differentiateLoss(network: Network, options: TrainingStepOptions) {
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

function gradientsOf(trained: readonly Trained[]): ReadonlyMap<string, Tensor> {
  return new Map(trained.map(({ name, gradient }) => [name, gradient]));
}

/** @param updates statistics, by name, that a step replaces too */
function buildUpdate(
  trained: readonly Trained[],
  updates: ReadonlyMap<string, Tensor>,
  { groups, clipNorm, averaging = 0, packed = false }: TrainingStepOptions,
): Update & { packs: readonly Pack[] } {
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
  const replace = (list: StateVariable[], name: string, next: Tensor, members: readonly Member[]) => {
    const output = nextName(name);
    outputs[output] = next;
    list.push({ input: name, output, shape: next.shape.map(Number), members });
  };
  const replaceParameter = (name: string, next: Tensor, members: readonly Member[]) => {
    replace(parameters, name, next, members);
    if (averaging === 0) return;
    const average = input(averageName(name), next.shape);
    const moved = multiply(subtract(next, average), subtract(scalar(1), averageDecay));
    replace(averages, averageName(name), add(average, moved), renamed(members, averageName));
  };

  const kindOf = ({ group, decays }: Trained) => `${group.name}${decays ? "" : ":undecayed"}`;
  const vectors = gather(trained, packed, kindOf).map((vector) => ({
    ...vector,
    gradient: vector.join(({ gradient }) => gradient),
  }));
  const clip = clipNorm === undefined ? undefined : clipFactor(vectors, clipNorm);
  for (const { name, tensor, members, gradient, first } of vectors) {
    const { group, decays } = first;
    const own = inputs.get(group);
    if (!own) throw new Error(`no learning rate for ${name}`);
    const { next, memory: remembered } = updateParameter({
      name,
      parameter: tensor,
      gradient: clip ? multiply(gradient, clip) : gradient,
      ...own,
      settings: decays ? group : { ...group, weightDecay: 0 },
    });
    replaceParameter(name, next, members);
    for (const { kind, name, next } of remembered)
      replace(
        memory,
        name,
        next,
        renamed(members, (member) => memoryName(kind, member)),
      );
  }
  const changed = [...updates].flatMap(([name, tensor]) =>
    groups.some(({ has }) => has(name)) ? [{ name, tensor }] : [],
  );
  const statistics = gather(changed, packed, () => "statistics");
  for (const { name, members, join } of statistics) {
    const next = join(({ tensor }) => tensor);
    replaceParameter(name, next, members);
  }

  return {
    packs: packed ? [...vectors, ...statistics] : [],
    outputs,
    parameters,
    memory,
    averages,
    scalars: ({ step, rates }) => ({
      ...Object.fromEntries(groups.map(({ name }) => [learningRateInput(name), rates[name] ?? 0])),
      ...Object.assign({}, ...groups.map((group) => adamInputs(step, group.name, group))),
      // The decay rises from 0.1, so that the EMA soon forgets weights that began at random.
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

/** What is updated at once: a tensor, or a pack of those of one kind. */
interface Gathered<T> extends Pack {
  /** Stands for the others of its kind. */
  readonly first: T;
  /** A tensor of each entry, in the form of the pack. */
  join(tensorOf: (entry: T) => Tensor): Tensor;
}

/** @param kindOf of a pack */
function gather<T extends { readonly name: string; readonly tensor: Tensor }>(
  entries: readonly T[],
  packed: boolean,
  kindOf: (entry: T) => string,
): Gathered<T>[] {
  if (!packed)
    return entries.map((entry): Gathered<T> => ({ ...alone(entry), first: entry, join: (of) => of(entry) }));
  const kinds = new Map<string, T[]>();
  for (const entry of entries) kinds.set(kindOf(entry), [...(kinds.get(kindOf(entry)) ?? []), entry]);
  const runs = [...kinds].flatMap(([kind, all]) =>
    divideForPacks(all).map((run, index) => ({ name: `pack:${kind}${index > 0 ? `:${index}` : ""}`, run })),
  );
  return runs.flatMap(({ name, run }) => {
    const own = makePack(name, new Map(run.map(({ name, tensor }) => [name, tensor])));
    return run.slice(0, 1).map((first): Gathered<T> => ({ ...own, first, join: (of) => pack(run.map(of)) }));
  });
}

function alone({ name, tensor }: { readonly name: string; readonly tensor: Tensor }): Pack {
  const shape = fixedShape("buildTrainingStep", tensor.shape);
  return { name, tensor, members: [{ name, shape, offset: 0 }] };
}

function renamed(members: readonly Member[], rename: (name: string) => string): Member[] {
  return members.map((member) => ({ ...member, name: rename(member.name) }));
}

/** min(1, limit / norm of all gradients together), as PyTorch's `clip_grad_norm_`. */
function clipFactor(vectors: readonly { gradient: Tensor }[], limit: number): Tensor {
  const squares = vectors.map(({ gradient }) =>
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
