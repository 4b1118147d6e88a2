import { LightsegError } from "../errors.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { countValues } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import type { Weights, WeightTensor } from "../models/weights.ts";
import { deriveSeed } from "../random.ts";
import type { OpenSession } from "../runtime/session.ts";
import type { StepInputs } from "./batches.ts";
import type { StageConfig } from "./config.ts";
import { findFrozen } from "./frozen-layers.ts";
import { type Member, unpackMembers } from "./packs.ts";
import { drawRandomInputs } from "./random-inputs.ts";
import { buildReplicatedStep, type ReplicatedStep } from "./replicas.ts";
import { averageName, copiedParameter, copyName } from "./state-names.ts";
import { buildTrainingStep, type TrainingStep } from "./step.ts";
import type { StateVariable, Update } from "./update.ts";

/** Learning rates of a step; the paper trains encoder and decoder at different ones. */
export interface LearningRates {
  readonly encoder: number;
  readonly decoder: number;
}

/** A network in training as graphs: what each step computes and which state it keeps. */
export interface TrainingGraph {
  /** Built for the batch, or for a replica's part of it. */
  readonly network: Network;
  readonly step: TrainingStep | ReplicatedStep;
}

export interface TrainingGraphOptions {
  /** Name in the zoo. */
  network: string;
  classes: number;
  classWeights?: readonly number[];
  /** Keeps moving averages of the parameters, see `buildTrainingStep`. */
  averaging?: number;
  /** Networks that divide the batch evenly among them, see `buildReplicatedStep`. Defaults to 1. */
  replicas?: number;
}

export function buildTrainingGraph(
  stage: StageConfig,
  { network: name, classes, classWeights, averaging, replicas = 1 }: TrainingGraphOptions,
): TrainingGraph {
  const { batch, crop, batchNorm, dropout } = stage;
  const frozen = findFrozen(buildNetwork({ network: name, classes, auxiliary: true }), stage);
  const network = buildNetwork({
    network: name,
    classes,
    size: [batch / replicas, ...crop],
    batchNorm,
    frozen,
    dropout,
    auxiliary: true,
  });
  const isEncoder = (parameter: string) => network.encoder.has(parameter);
  const isConvolution = ({ shape }: Tensor) => shape.length === 4;
  const settings = { ...stage, ...(stage.weightDecayOn === "convolutions" && { decays: isConvolution }) };
  const group = (name: string, has: (parameter: string) => boolean) => ({
    ...settings,
    name,
    has: (parameter: string) => has(parameter) && !frozen.has(parameter),
  });
  const groups = [group("encoder", isEncoder), group("decoder", (parameter) => !isEncoder(parameter))].filter(
    ({ has }) => [...network.parameters.keys()].some(has),
  );
  const options = { ...stage, groups, lossWeights: classWeights, averaging, packed: true };
  const step =
    replicas > 1
      ? buildReplicatedStep(network, { ...options, replicas })
      : buildTrainingStep(network, options);
  return { network, step };
}

/** Parameters, statistics and what the optimizer remembers, living in the engine from step to step. */
export interface TrainingSession {
  /**
   * Does step `step` of a stage, from 0, which seeds its random numbers. Returns the loss before it.
   *
   * `before` are the steps of the stages before, which the moving averages have seen. It defaults to 0.
   */
  run(batch: StepInputs, options: { step: number; before?: number; rates: LearningRates }): Promise<number>;
  /** All state as it stands now: parameters, the optimizer's memory, moving averages. */
  state(): Promise<Weights>;
  dispose(): Promise<void>;
}

export interface OpenTrainingSessionOptions {
  open: OpenSession;
  threads: number | undefined;
  seed: number;
}

/**
 * @param initial every parameter of the network; absent velocities begin at zero, a moving average as its
 *   parameter
 * @throws LightsegError INVALID_WEIGHTS if a parameter is absent
 */
export async function openTrainingSession(
  { network, step: graph }: TrainingGraph,
  initial: Weights,
  { open, threads, seed }: OpenTrainingSessionOptions,
): Promise<TrainingSession> {
  const valueFor = (name: string) => initial.get(name) ?? absent(name);
  for (const name of network.parameters.keys()) valueFor(name);
  const replicated = graph.kind === "replicated" ? graph : undefined;
  const update = graph.kind === "replicated" ? graph.update : graph;
  const changing = new Set(membersOf(update.parameters).map(({ name }) => name));
  const averaged = new Map([...changing].map((name) => [averageName(name), name]));
  const carry = (variable: StateVariable) => {
    const { shape, members } = variable;
    const data = new Float32Array(countValues(shape));
    for (const { name, offset } of members) {
      const stored = initial.get(name) ?? initial.get(averaged.get(name) ?? "");
      if (stored) data.set(stored.data, offset);
    }
    return { ...variable, initial: { data, shape } };
  };
  const copies = replicated && copiesForReplicas(update);
  const model = lowerToOnnx(
    { ...update.outputs, ...copies },
    {
      parameters: (name) => (changing.has(name) ? "input" : valueFor(name).data),
      provider: open.provider,
    },
  );
  const replicas = replicated && (await replicated.open(valueFor, { open, threads }));
  const session = await open(model, {
    threads,
    carried: [...update.parameters, ...update.memory, ...update.averages].map(carry),
  }).catch(async (error: unknown) => {
    await replicas?.dispose();
    throw error;
  });

  return {
    async run(batch, { step, before, rates }) {
      const drawn = deriveSeed("dropout", seed, step);
      const inputs = { ...batch, ...drawRandomInputs(network.randomInputs, drawn, replicated?.replicas) };
      const scalars = Object.entries(update.scalars({ step, before, rates: { ...rates } })).map(
        ([name, value]) => [name, { data: Float32Array.of(value), shape: [] }],
      );
      const found = await replicas?.run(inputs);
      const feeds = {
        ...(found?.feeds ?? inputs),
        ...Object.fromEntries(scalars),
      };
      if (!found || !copies) return (await session.run(feeds, ["loss"])).loss.data[0] ?? Number.NaN;
      const next = await session.run(feeds, Object.keys(copies), Object.keys(found.feeds));
      replicas?.replace(
        Object.fromEntries(Object.entries(next).map(([name, value]) => [copiedParameter(name), value])),
      );
      return found.loss;
    },
    async state() {
      const carried = await session.state();
      const values = new Map<string, WeightTensor>();
      for (const { input, members } of [...update.parameters, ...update.memory, ...update.averages]) {
        const { data } = carried[input] ?? absent(input);
        for (const { name, shape, offset } of members)
          values.set(name, {
            shape,
            data: new Float32Array(data.subarray(offset, offset + countValues(shape))),
          });
      }
      const others = membersOf([...update.memory, ...update.averages]).map(({ name }) => name);
      const names = [...network.parameters.keys(), ...others];
      return new Map(names.map((name) => [name, values.get(name) ?? valueFor(name)]));
    },
    async dispose() {
      await Promise.all([session.dispose(), replicas?.dispose()]);
    },
  };
}

/** The trained parameters once more, one by one, as outputs that leave the engine. */
function copiesForReplicas({ parameters, outputs }: Update): Record<string, Tensor> {
  return Object.fromEntries(
    parameters.flatMap(({ output, members }) => {
      const next = outputs[output];
      return next ? [...unpackMembers(next, members)].map(([name, copy]) => [copyName(name), copy]) : [];
    }),
  );
}

function membersOf(variables: readonly StateVariable[]): Member[] {
  return variables.flatMap(({ members }) => members);
}

function absent(name: string): never {
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "train",
    argument: name,
    rule: "must be among the weights",
  });
}
