import { invalidArgument } from "../check.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { add, multiply } from "../graph/ops/elementwise.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import type { WeightTensor } from "../models/weights.ts";
import type { OpenSession, Session, TensorData } from "../runtime/session.ts";
import type { StepInputs } from "./batches.ts";
import type { StageConfig, TrainingConfig } from "./config.ts";
import { gradientInput, gradientName, weightInput } from "./state-names.ts";
import { differentiateLoss, gradientsOf, type TrainingStepOptions } from "./step.ts";
import { buildUpdate, type Update } from "./update.ts";

interface ChooseReplicasOptions
  extends Pick<TrainingConfig, "network" | "replicas">,
    Pick<OpenSession, "provider"> {
  readonly threads: number;
}

/**
 * How many networks divide a batch of a stage among them.
 *
 * @throws LightsegError INVALID_ARGUMENT for a number that does not divide it, or batch norm that is trained
 */
export function chooseReplicas(
  { batch, batchNorm, hardPixels, jaccard }: StageConfig,
  { network, replicas, threads, provider }: ChooseReplicasOptions,
): number {
  // Replicas exchange weights and gradients in each step, which would have to leave the GPU.
  if (provider === "webgpu" && typeof replicas === "string") return 1;
  if (replicas === "halves") return batch % 2 === 0 && batchNorm === "frozen" ? 2 : 1;
  if (replicas === "auto") {
    const isMeanOverPixels = hardPixels === 1 && jaccard === 0 && !hasLossTerms(network);
    const isExact = batchNorm === "frozen" && isMeanOverPixels;
    const numbers = Array.from({ length: batch }, (_, index) => batch - index);
    return isExact ? (numbers.find((count) => batch % count === 0 && count <= threads) ?? 1) : 1;
  }
  const refuse = (rule: string) => invalidArgument("train", "replicas", rule, replicas);
  if (batch % replicas !== 0) throw refuse(`must divide the batch of ${batch}`);
  if (replicas > 1 && batchNorm === "trained") throw refuse("must be 1 where batch norm is trained");
  return replicas;
}

function hasLossTerms(network: string): boolean {
  return buildNetwork({ network, classes: 2, auxiliary: true }).lossTerms.length > 0;
}

/** Copies of a network that work on parts of a batch side by side, each in an engine of its own. */
export interface Replicas {
  /**
   * @param inputs the batch and the random inputs, to be divided along their first axes
   * @returns the loss of the batch, and what the update is to be fed
   */
  run(inputs: StepInputs): Promise<{ loss: number; feeds: Record<string, TensorData> }>;
  /** Takes over the parameters for the next run. */
  replace(parameters: Readonly<Record<string, TensorData>>): void;
  dispose(): Promise<void>;
}

export interface OpenReplicasOptions {
  open: OpenSession;
  /** Threads of all replicas together. Defaults to one each. */
  threads: number | undefined;
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
  /** Opens the replicas. @param valueFor the first value of a parameter */
  open(valueFor: (name: string) => WeightTensor, options: OpenReplicasOptions): Promise<Replicas>;
}

/**
 * The step of `buildTrainingStep`, for a batch that is divided among replicas of the network.
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
  const step: ReplicatedStep = {
    kind: "replicated",
    replicas,
    part: { loss, ...Object.fromEntries(gradients) },
    weigh(target) {
      let total = 0;
      for (let pixel = 0; pixel < target.length; pixel++) total += lossWeights[target[pixel] ?? 255] ?? 0;
      return total;
    },
    update: buildUpdate(combined, new Map(), options),
    open: (valueFor, options) => openReplicas(step, valueFor, options),
  };
  return step;
}

/**
 * Opens the replicas of a step. Half of a step hardly gains from a second thread, since the gradient of
 * pooling is computed piece by piece. Two replicas with one thread each do gain.
 */
async function openReplicas(
  { replicas, part, weigh, update }: ReplicatedStep,
  valueFor: (name: string) => WeightTensor,
  { open, threads = 0 }: OpenReplicasOptions,
): Promise<Replicas> {
  const trained = update.parameters.flatMap(({ members }) => members.map(({ name }) => name));
  const model = lowerToOnnx(part, {
    parameters: (name) => (trained.includes(name) ? "input" : valueFor(name).data),
    provider: open.provider,
  });
  const sessions: Session[] = [];
  const dispose = async () => {
    await Promise.all(sessions.map((session) => session.dispose()));
  };
  try {
    for (let replica = 0; replica < replicas; replica++)
      sessions.push(await open(model, { threads: Math.max(1, Math.floor(threads / replicas)) }));
  } catch (error) {
    await dispose();
    throw error;
  }

  let parameters: Readonly<Record<string, TensorData>> = Object.fromEntries(
    trained.map((name) => {
      const { data, shape } = valueFor(name);
      return [name, { data, shape }];
    }),
  );
  const outputs = ["loss", ...trained.map(gradientName)] as const;
  return {
    async run(inputs) {
      const parts = sessions.map((session, replica) => {
        const own = Object.fromEntries(
          Object.entries(inputs).map(([name, value]) => [name, slice(value, replica, replicas)]),
        );
        return {
          weight: weigh(own.target?.data ?? []),
          results: session.run({ ...own, ...parameters }, outputs, Object.keys(own)),
        };
      });
      const total = parts.reduce((sum, { weight }) => sum + weight, 0);
      const feeds: Record<string, TensorData> = {};
      let loss = 0;
      const results = await Promise.all(parts.map(({ results }) => results));
      for (const [replica, found] of results.entries()) {
        // Without a labelled pixel the loss is 0, and so is its gradient.
        const weight = total > 0 ? (parts[replica]?.weight ?? 0) / total : 0;
        feeds[weightInput(replica)] = { data: Float32Array.of(weight), shape: [] };
        for (const name of trained) {
          const gradient = found[gradientName(name)];
          if (gradient) feeds[gradientInput(name, replica)] = gradient;
        }
        if (weight > 0) loss += weight * (found.loss.data[0] ?? Number.NaN);
      }
      return { loss, feeds };
    },
    replace(next) {
      parameters = next;
    },
    dispose,
  };
}

/** One of `count` equal parts along the first axis. */
function slice(
  { data, shape: [length = 0, ...inner] }: TensorData,
  index: number,
  count: number,
): TensorData {
  const size = data.length / count;
  return { data: data.slice(index * size, (index + 1) * size), shape: [length / count, ...inner] };
}
