/** The optimizers: SGD with momentum, Adam and AdamW, each as PyTorch computes it. */
import { add, divide, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { input, scalar, type Tensor } from "../graph/tensor.ts";
import { correctionInputs, type MemoryKind, memoryName } from "./state-names.ts";

/** The settings of an optimizer; see settings.ts. */
export interface OptimizerSettings {
  readonly optimizer: "sgd" | "adam" | "adamw";
  readonly momentum: number;
  /** Adam's. Defaults to `DEFAULT_BETA2`. */
  readonly beta2?: number;
  readonly weightDecay: number;
}

/** What an optimizer remembers of a parameter, zero at the start. */
export interface Memory {
  readonly kind: MemoryKind;
  /** See `memoryName`. */
  readonly name: string;
  readonly next: Tensor;
}

export interface ParameterUpdate {
  readonly next: Tensor;
  readonly memory: readonly Memory[];
}

const EPSILON = 1e-8;
/** Adam's beta 2 where none is given. */
export const DEFAULT_BETA2 = 0.999;

/** Adam's bias corrections of a parameter group, scalars. */
export interface BiasCorrections {
  readonly first: Tensor;
  readonly second: Tensor;
}

/** The inputs of a parameter group's bias corrections; `adamInputs` has their values. */
export function biasCorrections(group: string): BiasCorrections {
  const { first, second } = correctionInputs(group);
  return { first: input(first, []), second: input(second, []) };
}

export interface UpdateOptions {
  readonly name: string;
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** The learning rate, a scalar. */
  readonly rate: Tensor;
  /** Those of the parameter's group. */
  readonly corrections: BiasCorrections;
  readonly settings: OptimizerSettings;
}

/** The parameter after a step, and what the optimizer remembers of it. */
export function updateParameter(options: UpdateOptions): ParameterUpdate {
  return options.settings.optimizer === "sgd" ? descend(options) : adapt(options);
}

/** `g = dloss/dp + weightDecay p`, `v = momentum v + g`, `p = p - rate v`. */
function descend({ name, parameter, gradient, rate, settings }: UpdateOptions): ParameterUpdate {
  const velocity = remember("velocity", name, parameter);
  const decayed = withPenalty(gradient, parameter, settings.weightDecay);
  const next = add(multiply(velocity.last, scalar(settings.momentum)), decayed);
  return {
    next: subtract(parameter, multiply(next, rate)),
    memory: [{ ...velocity, next }],
  };
}

/**
 * Adam (Kingma and Ba 2015): `m = b1 m + (1 - b1) g`, `s = b2 s + (1 - b2) g²`, `p = p - rate (m / c1) /
 * (sqrt(s) / c2 + epsilon)`, where `c1 = 1 - b1^t` and `c2 = sqrt(1 - b2^t)` after t steps. AdamW (Loshchilov
 * and Hutter 2019): `p = (1 - rate weightDecay) p` first, and no penalty in g.
 */
function adapt({ name, parameter, gradient, rate, corrections, settings }: UpdateOptions): ParameterUpdate {
  const { momentum: beta1, beta2 = DEFAULT_BETA2, weightDecay, optimizer } = settings;
  const isDecoupled = optimizer === "adamw";
  const g = isDecoupled ? gradient : withPenalty(gradient, parameter, weightDecay);
  const first = remember("firstMoment", name, parameter);
  const second = remember("secondMoment", name, parameter);
  const mean = add(multiply(first.last, scalar(beta1)), multiply(g, scalar(1 - beta1)));
  const square = add(multiply(second.last, scalar(beta2)), multiply(multiply(g, g), scalar(1 - beta2)));
  const size = add(divide(squareRoot(square), corrections.second), scalar(EPSILON));
  const start =
    isDecoupled && weightDecay > 0
      ? subtract(parameter, multiply(parameter, multiply(rate, scalar(weightDecay))))
      : parameter;
  return {
    next: subtract(start, multiply(divide(mean, size), divide(rate, corrections.first))),
    memory: [
      { ...first, next: mean },
      { ...second, next: square },
    ],
  };
}

/**
 * The values of Adam's bias corrections for a parameter group, by input.
 *
 * @param step number of the optimizer's step, from 0
 */
export function adamInputs(
  step: number,
  group: string,
  { optimizer, momentum, beta2 = DEFAULT_BETA2 }: OptimizerSettings,
): Record<string, number> {
  if (optimizer === "sgd") return {};
  const { first, second } = correctionInputs(group);
  return { [first]: 1 - momentum ** (step + 1), [second]: Math.sqrt(1 - beta2 ** (step + 1)) };
}

function withPenalty(gradient: Tensor, parameter: Tensor, weightDecay: number): Tensor {
  return weightDecay > 0 ? add(gradient, multiply(parameter, scalar(weightDecay))) : gradient;
}

function remember(kind: MemoryKind, parameter: string, { shape }: Tensor) {
  const name = memoryName(kind, parameter);
  return { kind, name, last: input(name, shape) };
}
