/**
 * One case on WebGPU in Node; `bench/gpu.ts` starts it as a process of its own, since a case may take the
 * device with it. Takes a `GpuCase` as JSON and prints a `GpuCaseResult` as JSON.
 */
import { resizePhoto } from "../src/images/resample.ts";
import { compileOnnx } from "../src/inference/compile-onnx.ts";
import { createPredictor, predictLabels } from "../src/inference/predictor.ts";
import { upsampleLabels } from "../src/inference/upsample-labels.ts";
import { initialWeights } from "../src/models/initialize.ts";
import { createRandom } from "../src/random.ts";
import { nodeSessions, openNodeSession } from "../src/runtime/node/session.ts";
import type { OpenSession } from "../src/runtime/session.ts";
import { parseTrainingConfig, resolveStages } from "../src/training/config.ts";
import { buildTrainingGraph, openTrainingSession } from "../src/training/training-session.ts";
import { type KernelTimes, Profiler } from "./gpu-profile.ts";
import { CLASSES, openBenchModel, readBenchPhoto, repeat } from "./models.ts";

/** Photos to labels, or one step of a training. */
export type CaseKind = "forward" | "step";

export interface GpuCase {
  readonly kind: CaseKind;
  readonly network: string;
  readonly dtype: "fp32" | "fp16";
  readonly batch: number;
  /** Of photos or crops, in pixels. */
  readonly height: number;
  readonly width: number;
  readonly warmup: number;
  readonly runs: number;
  /** Whether the CPU computes the same, and is timed. */
  readonly cpu: boolean;
  /** Whether the times of the card's kernels are asked for. */
  readonly profile: boolean;
}

export interface GpuCaseResult {
  /** Milliseconds of each run. */
  readonly times: readonly number[];
  /** Of the first steps. */
  readonly losses?: readonly number[];
  readonly kernels?: KernelTimes;
  readonly cpu?: {
    readonly times: readonly number[];
    /** Share of equal labels, 0..1. */
    readonly equalLabels?: number;
    /** Largest difference of losses, each before its step. */
    readonly lossDifference?: number;
  };
}

/** Runs on the CPU are long, and vary less. */
const CPU_RUNS = 3;

/** Does the work once: labels of all photos, or the loss. */
type Work = () => Promise<Uint8Array | number>;

const options: GpuCase = JSON.parse(process.argv[2] ?? "");
const { kind, network, batch, height, width } = options;
const openWork = kind === "forward" ? await prepareForward() : await prepareStep();

async function prepareForward() {
  const { model } = await openBenchModel(network);
  const photo = resizePhoto(await readBenchPhoto(), width, height);
  const pixels = { data: repeat(photo.data, batch), shape: [batch, height, width, 3] };
  const { alignCorners } = model;
  return async (open: OpenSession, dtype: "fp32" | "fp16"): Promise<Work> => {
    if (batch === 1) {
      const label = predictLabels(createPredictor(model, { open, dtype }));
      return async () => (await label(photo)).data;
    }
    const target = open.provider === "webgpu" ? "plain" : "blocked";
    const session = await open(compileOnnx(model, { dtype, target, provider: open.provider }));
    return async () => {
      const { scores } = await session.run({ pixels }, ["scores"]);
      const [, ...shape] = scores.shape;
      const length = scores.data.length / batch;
      const labels = Array.from({ length: batch }, (_, n) => {
        const data = scores.data.subarray(n * length, (n + 1) * length);
        return upsampleLabels({ data, shape: [1, ...shape] }, { width, height, alignCorners });
      });
      return Buffer.concat(labels);
    };
  };
}

async function prepareStep() {
  const { model } = await openBenchModel(network);
  const photo = resizePhoto(await readBenchPhoto(), width, height);
  const random = createRandom(1);
  const channels = [0, 1, 2].map((channel) => photo.data.filter((_, at) => at % 3 === channel));
  const normalised = Float32Array.from(Buffer.concat(channels), (value) => value / 128 - 1);
  const image = {
    data: Float32Array.from(
      { length: batch * normalised.length },
      (_, at) => normalised[at % normalised.length] ?? 0,
    ),
    shape: [batch, 3, height, width],
  };
  const target = {
    data: Int32Array.from({ length: batch * height * width }, () => Math.floor(random() * CLASSES)),
    shape: [batch, height, width],
  };
  const crop: [number, number] = [height, width];
  const [stage] = resolveStages(parseTrainingConfig({ network, dataset: "none", data: "none", batch, crop }));
  if (!stage) throw new Error("there is no stage");
  const graph = buildTrainingGraph(stage, { network, classes: CLASSES });
  // The model has no parameters for auxiliary losses.
  const weights = new Map([...initialWeights(graph.network.parameters, { seed: 1 }), ...model.weights]);
  const rates = { encoder: 1e-4, decoder: 1e-3 };
  return async (open: OpenSession): Promise<Work> => {
    const session = await openTrainingSession(graph, weights, { open, threads: undefined, seed: 1 });
    let step = 0;
    return () => session.run({ image, target }, { step: step++, rates });
  };
}

async function timeRuns(work: Work, warmup: number, runs: number) {
  const times: number[] = [];
  const answers: (Uint8Array | number)[] = [];
  for (let round = -warmup; round < runs; round++) {
    const start = performance.now();
    answers.push(await work());
    if (round >= 0) times.push(performance.now() - start);
  }
  return { times, answers, losses: answers.filter((answer) => typeof answer === "number") };
}

function compare(found: readonly (Uint8Array | number)[], expected: readonly (Uint8Array | number)[]) {
  const [labels] = found;
  const [right] = expected;
  if (labels instanceof Uint8Array && right instanceof Uint8Array)
    return { equalLabels: right.filter((label, pixel) => label === labels[pixel]).length / right.length };
  const differences = expected.map((loss, step) => Math.abs(Number(loss) - Number(found[step])));
  return { lossDifference: Math.max(...differences) };
}

async function measure(): Promise<GpuCaseResult> {
  const profiler = options.profile ? new Profiler() : undefined;
  const onCard = await openWork(profiler?.open ?? nodeSessions("webgpu"), options.dtype);
  const { times, answers, losses } = await timeRuns(onCard, options.warmup, options.runs);
  const kernels = await profiler?.finish(answers.length);
  const result = {
    times,
    ...(losses.length > 0 && { losses: losses.slice(0, 4) }),
    ...(kernels && { kernels }),
  };
  if (!options.cpu) return result;
  const onCpu = await openWork(openNodeSession, "fp32");
  const cpu = await timeRuns(onCpu, Math.min(options.warmup, 1), Math.min(options.runs, CPU_RUNS));
  return { ...result, cpu: { times: cpu.times, ...compare(answers, cpu.answers) } };
}

process.stdout.write(JSON.stringify(await measure()), () => process.exit(0));
