import { LightsegError } from "../errors.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { countValues } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import { deriveSeed } from "../random.ts";
import type { OpenSession, TensorData } from "../runtime/session.ts";
import type { Weights } from "../weights/types.ts";
import type { Batch } from "./batches.ts";
import type { StageConfig } from "./config.ts";
import { drawRandomInputs } from "./random-inputs.ts";
import { averageName, buildTrainingStep, type StateVariable, type TrainingStep } from "./step.ts";

/** Learning rates of a step; the paper trains encoder and decoder at different ones. */
export interface LearningRates {
  readonly encoder: number;
  readonly decoder: number;
}

/** A network in training as graphs: what each step computes and which state it keeps. */
export interface TrainingGraph {
  readonly network: Network;
  readonly step: TrainingStep;
}

export interface TrainingGraphOptions {
  /** Name in the zoo. */
  network: string;
  classes: number;
  classWeights?: readonly number[];
  /** Keeps moving averages of the parameters, see `buildTrainingStep`. */
  averaging?: number;
}

export function buildTrainingGraph(
  stage: StageConfig,
  { network: name, classes, classWeights, averaging }: TrainingGraphOptions,
): TrainingGraph {
  const { batch, crop, batchNorm, dropout, optimizer, momentum, beta2, weightDecay } = stage;
  const network = buildNetwork({
    network: name,
    classes,
    size: [batch, ...crop],
    batchNorm,
    dropout,
    auxiliary: true,
  });
  const isEncoder = (parameter: string) => network.encoder.has(parameter);
  const isConvolution = ({ shape }: Tensor) => shape.length === 4;
  const settings = {
    ...{ optimizer, momentum, beta2, weightDecay },
    ...(stage.weightDecayOn === "convolutions" && { decays: isConvolution }),
  };
  const encoder = { ...settings, name: "encoder", has: isEncoder };
  const decoder = { ...settings, name: "decoder", has: (parameter: string) => !isEncoder(parameter) };
  const { clipNorm, hardPixels } = stage;
  const step = buildTrainingStep(network, {
    groups: stage.freezeEncoder ? [decoder] : [encoder, decoder],
    ...{ classWeights, clipNorm, hardPixels, averaging },
  });
  return { network, step };
}

/** Parameters, statistics and what the optimiser remembers, living in the engine from step to step. */
export interface TrainingSession {
  /** Does the step of this number, from 0, which decides what is random in it, and returns the loss before it. */
  run(batch: Batch, options: { step: number; rates: LearningRates }): Promise<number>;
  /** All state as it stands now: parameters, the optimiser's memory, moving averages. */
  state(): Promise<Weights>;
  dispose(): Promise<void>;
}

/**
 * @param initial every parameter of the network; memory that is absent begins at zero, a moving average as its parameter
 * @throws LightsegError INVALID_WEIGHTS if a parameter is absent
 */
export async function openTrainingSession(
  { network, step: graph }: TrainingGraph,
  initial: Weights,
  { open, threads, seed }: { open: OpenSession; threads: number | undefined; seed: number },
): Promise<TrainingSession> {
  const valueFor = (name: string) => {
    const value = initial.get(name);
    if (value) return value.data;
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "train",
      argument: name,
      rule: "must be among the weights",
    });
  };
  for (const name of network.parameters.keys()) valueFor(name);
  const averaged = new Map(graph.parameters.map(({ input }) => [averageName(input), input]));
  const carry = (variable: StateVariable) => {
    const { input, shape } = variable;
    const stored = initial.get(input) ?? initial.get(averaged.get(input) ?? "");
    return {
      ...variable,
      initial: { data: stored?.data ?? new Float32Array(countValues(shape)), dims: shape },
    };
  };
  const changing = new Set(graph.parameters.map(({ input }) => input));
  const model = lowerToOnnx(graph.outputs, {
    parameters: (name) => (changing.has(name) ? "input" : valueFor(name)),
  });
  const session = await open(model, {
    threads,
    carried: [...graph.parameters, ...graph.memory, ...graph.averages].map(carry),
  });

  return {
    async run({ image, target }, { step, rates }) {
      const scalars = Object.entries(graph.scalars({ step, rates: { ...rates } }));
      const { loss } = await session.run({
        image,
        target,
        ...drawRandomInputs(network.randomInputs, deriveSeed("dropout", seed, step)),
        ...Object.fromEntries(
          scalars.map(([name, value]) => [name, { data: Float32Array.of(value), dims: [] }]),
        ),
      });
      return loss?.data[0] ?? Number.NaN;
    },
    async state() {
      const carried = await session.state();
      const others = [...graph.memory, ...graph.averages].map(({ input }) => input);
      const names = [...network.parameters.keys(), ...others];
      return new Map(
        names.map((name) => [
          name,
          carried[name] ? fromTensor(carried[name]) : (initial.get(name) ?? missing(name)),
        ]),
      );
    },
    dispose: () => session.dispose(),
  };
}

function fromTensor({ data, dims }: TensorData) {
  return { shape: dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

function missing(name: string): never {
  throw new Error(`the engine has lost ${name}`);
}
