import { LightsegError } from "../errors.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { countValues } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import type { OpenSession, TensorData } from "../runtime/session.ts";
import type { Weights } from "../weights/types.ts";
import type { Batch } from "./batches.ts";
import type { TrainingConfig } from "./config.ts";
import { deriveSeed } from "./random.ts";
import { drawRandomInputs } from "./random-inputs.ts";
import { buildTrainingStep, learningRateInput, type TrainingStep } from "./step.ts";

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

export function buildTrainingGraph(
  config: TrainingConfig,
  { classes, classWeights }: { classes: number; classWeights?: readonly number[] },
): TrainingGraph {
  const { network: name, batch, crop, batchNorm, dropout, momentum, weightDecay, weightDecayOn } = config;
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
  const optimizer = {
    momentum,
    weightDecay,
    ...(weightDecayOn === "convolutions" && { decays: isConvolution }),
  };
  const step = buildTrainingStep(network, {
    groups: [
      { ...optimizer, name: "encoder", has: isEncoder },
      { ...optimizer, name: "decoder", has: (parameter) => !isEncoder(parameter) },
    ],
    classWeights,
  });
  return { network, step };
}

/** Parameters, statistics and velocities, living in the engine from step to step. */
export interface TrainingSession {
  /** Does the step of this number, which decides what is random in it, and returns the loss before it. */
  run(batch: Batch, options: { step: number; rates: LearningRates }): Promise<number>;
  /** All state as it stands now, parameters first. */
  state(): Promise<Weights>;
  dispose(): Promise<void>;
}

/**
 * @param initial every parameter of the network; velocities that are absent begin at zero
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
  const changing = new Set(graph.parameters.map(({ input }) => input));
  const model = lowerToOnnx(graph.outputs, {
    parameters: (name) => (changing.has(name) ? "input" : valueFor(name)),
  });
  const session = await open(model, {
    threads,
    carried: [
      ...graph.parameters.map((variable) => ({
        ...variable,
        initial: { data: valueFor(variable.input), dims: variable.shape },
      })),
      ...graph.velocities.map((variable) => {
        const data = initial.get(variable.input)?.data ?? new Float32Array(countValues(variable.shape));
        return { ...variable, initial: { data, dims: variable.shape } };
      }),
    ],
  });

  return {
    async run({ image, target }, { step, rates }) {
      const { loss } = await session.run({
        image,
        target,
        ...drawRandomInputs(network.randomInputs, deriveSeed("dropout", seed, step)),
        [learningRateInput({ name: "encoder" })]: { data: Float32Array.of(rates.encoder), dims: [] },
        [learningRateInput({ name: "decoder" })]: { data: Float32Array.of(rates.decoder), dims: [] },
      });
      return loss?.data[0] ?? Number.NaN;
    },
    async state() {
      const carried = await session.state();
      const names = [...network.parameters.keys(), ...graph.velocities.map(({ input }) => input)];
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
