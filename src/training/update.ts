/** The update of every parameter of a training step, and the state that it replaces. */
import { atLeast } from "../graph/ops/activation.ts";
import { add, divide, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { sum } from "../graph/ops/reduction.ts";
import { input, scalar, type Tensor } from "../graph/tensor.ts";
import type { TrainingConfig } from "./config.ts";
import { adamInputs, biasCorrections, type OptimizerSettings, updateParameter } from "./optimizer.ts";
import { gather, type Member, type Pack, renamed } from "./packs.ts";
import { averageName, learningRateInput, memoryName, nextName } from "./state-names.ts";

/** Parameters that share the settings of the optimizer. */
export interface ParameterGroup extends OptimizerSettings {
  /** Names the inputs that hold this group's learning rate and bias corrections. */
  readonly name: string;
  readonly has: (parameterName: string) => boolean;
  /** Which of its parameters decay. Defaults to all. */
  readonly decays?: (parameter: Tensor) => boolean;
}

/** What an update depends on, see settings.ts. */
export interface UpdateOptions extends Partial<Pick<TrainingConfig, "clipNorm" | "averaging">> {
  /** The first group that has a parameter takes it; a parameter of no group stays as it is. */
  readonly groups: readonly ParameterGroup[];
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
  /** The scalar inputs of a step: learning rates by group, and what depends on the step's number. */
  scalars(options: StepScalars): Record<string, number>;
}

export interface StepScalars {
  /** Of the stage, from 0. */
  readonly step: number;
  /** Steps of the stages before, which the moving averages have seen. Defaults to 0. */
  readonly before?: number | undefined;
  readonly rates: Readonly<Record<string, number>>;
}

/** A parameter that is trained, and the derivative of the loss with respect to it. */
export interface Trained {
  readonly name: string;
  readonly tensor: Tensor;
  readonly group: ParameterGroup;
  readonly decays: boolean;
  readonly gradient: Tensor;
}

/** Updates all that is trained. @param updates statistics, by name, that a step replaces too */
export function buildUpdate(
  trained: readonly Trained[],
  updates: ReadonlyMap<string, Tensor>,
  { groups, clipNorm, averaging = 0, packed = false }: UpdateOptions,
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
  const changed = [...updates].map(([name, tensor]) => ({ name, tensor }));
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
    scalars: ({ step, before = 0, rates }) => ({
      ...Object.fromEntries(groups.map(({ name }) => [learningRateInput(name), rates[name] ?? 0])),
      ...Object.assign({}, ...groups.map((group) => adamInputs(step, group.name, group))),
      ...(averaging > 0 && { averageDecay: risingDecay(averaging, before + step) }),
    }),
  };
}

/** The EMA's decay rises from 0.1 over the run, so that it soon forgets weights that began at random. */
function risingDecay(averaging: number, step: number): number {
  return Math.min(averaging, (1 + step) / (10 + step));
}

const averageDecay = input("averageDecay", []);

/** limit / max(norm of all gradients together, limit), which is PyTorch's `clip_grad_norm_` for any norm. */
function clipFactor(vectors: readonly { gradient: Tensor }[], limit: number): Tensor {
  const squares = vectors.map(({ gradient }) =>
    sum(
      multiply(gradient, gradient),
      gradient.shape.map((_, axis) => axis),
    ),
  );
  const norm = squareRoot(squares.reduce(add));
  return divide(scalar(limit), atLeast(add(norm, scalar(1e-6)), limit));
}
