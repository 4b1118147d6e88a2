/** How a gradient becomes a change of a parameter: SGD with momentum, Adam, AdamW; each as PyTorch computes it. */
import { add, divide, multiply, squareRoot, subtract } from "../graph/ops/elementwise.ts";
import { input, scalar, type Tensor } from "../graph/tensor.ts";

export const optimizers = ["sgd", "adam", "adamw"] as const;

export interface OptimizerSettings {
  readonly optimizer: (typeof optimizers)[number];
  /** Share of the last velocity that is kept, 0..1; Adam's beta 1. */
  readonly momentum: number;
  /** Adam's beta 2, the share of the last mean square that is kept. Default 0.999. */
  readonly beta2?: number;
  /** Factor of the parameter that is added to its gradient (L2 penalty); AdamW takes it off the parameter instead. */
  readonly weightDecay: number;
}

/** What an optimiser remembers of a parameter, zero at the start. */
export interface Memory {
  /** `<kind>:<parameter>`. */
  readonly name: string;
  readonly next: Tensor;
}

export interface ParameterUpdate {
  readonly next: Tensor;
  readonly memory: readonly Memory[];
}

/** Beginnings of the names of what optimisers remember, so that it can be told from parameters. */
const memoryKinds = ["velocity", "firstMoment", "secondMoment"] as const;

/** Whether a name is that of an optimiser's memory. */
export function isMemory(name: string): boolean {
  return memoryKinds.some((kind) => name.startsWith(`${kind}:`));
}

const EPSILON = 1e-8;

export interface UpdateOptions {
  readonly name: string;
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** Scalar. */
  readonly rate: Tensor;
  readonly settings: OptimizerSettings;
}

/** The parameter after a step, and what the optimiser remembers of it. */
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
    memory: [{ name: velocity.name, next }],
  };
}

/**
 * Adam (Kingma and Ba 2015): `m = b1 m + (1 - b1) g`, `s = b2 s + (1 - b2) g²`, `p = p - rate (m / c1) / (sqrt(s) / c2 + epsilon)`, where
 * `c1 = 1 - b1^t` and `c2 = sqrt(1 - b2^t)` after t steps. AdamW (Loshchilov and Hutter 2019): `p = (1 - rate weightDecay) p` first, and no penalty in g.
 */
function adapt({ name, parameter, gradient, rate, settings }: UpdateOptions): ParameterUpdate {
  const { momentum: beta1, beta2 = 0.999, weightDecay, optimizer } = settings;
  const isDecoupled = optimizer === "adamw";
  const g = isDecoupled ? gradient : withPenalty(gradient, parameter, weightDecay);
  const first = remember("firstMoment", name, parameter);
  const second = remember("secondMoment", name, parameter);
  const mean = add(multiply(first.last, scalar(beta1)), multiply(g, scalar(1 - beta1)));
  const square = add(multiply(second.last, scalar(beta2)), multiply(multiply(g, g), scalar(1 - beta2)));
  const size = add(divide(squareRoot(square), correction2), scalar(EPSILON));
  const start =
    isDecoupled && weightDecay > 0
      ? subtract(parameter, multiply(parameter, multiply(rate, scalar(weightDecay))))
      : parameter;
  return {
    next: subtract(start, multiply(divide(mean, size), divide(rate, correction1))),
    memory: [
      { name: first.name, next: mean },
      { name: second.name, next: square },
    ],
  };
}

const correction1 = input("correction1", []);
const correction2 = input("correction2", []);

/** The inputs that Adam's graph has besides the learning rates, for a step that is number `step` of its optimiser, from 0. */
export function adamInputs(step: number, { optimizer, momentum, beta2 = 0.999 }: OptimizerSettings) {
  if (optimizer === "sgd") return {};
  return { correction1: 1 - momentum ** (step + 1), correction2: Math.sqrt(1 - beta2 ** (step + 1)) };
}

function withPenalty(gradient: Tensor, parameter: Tensor, weightDecay: number): Tensor {
  return weightDecay > 0 ? add(gradient, multiply(parameter, scalar(weightDecay))) : gradient;
}

function remember(kind: (typeof memoryKinds)[number], parameterName: string, { shape }: Tensor) {
  const name = `${kind}:${parameterName}`;
  return { name, last: input(name, shape) };
}
