/**
 * One training step of RefineNet-LW-MobileNet-v2 against PyTorch eager, step by step in turns on the same machine.
 *
 *   npm run bench:train -- [--json] [--batch 4] [--size 256] [--classes 21] [--threads 2] [--runs 20]
 */
import { spawn } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lowerToOnnx } from "../src/graph/onnx/lower.ts";
import { initialValue } from "../src/models/initialize.ts";
import { buildNetwork } from "../src/models/network.ts";
import { openNodeSession } from "../src/runtime/node.ts";
import { createRandom } from "../src/random.ts";
import { buildTrainingStep } from "../src/training/step.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    batch: { type: "string", default: "4" },
    size: { type: "string", default: "256" },
    classes: { type: "string", default: "21" },
    threads: { type: "string", default: String(availableParallelism()) },
    runs: { type: "string", default: "20" },
    warmup: { type: "string", default: "3" },
  },
});
const [batch, size, classes] = [Number(values.batch), Number(values.size), Number(values.classes)];
const [threads, runs, warmup] = [Number(values.threads), Number(values.runs), Number(values.warmup)];

/** Runs one step and says how many milliseconds it took. */
type Stepper = () => Promise<number>;

const random = createRandom(1);
const image = {
  data: Float32Array.from({ length: batch * 3 * size * size }, () => 2 * random() - 1),
  dims: [batch, 3, size, size],
};
const target = {
  data: Int32Array.from({ length: batch * size * size }, () => Math.floor(random() * classes)),
  dims: [batch, size, size],
};

/** Both peers' threads spin for a while after their work; the next one must not pay for that. */
const PAUSE_MS = 200;

async function timed(run: () => Promise<unknown>): Promise<number> {
  await setTimeout(PAUSE_MS);
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function ours(): Promise<{ step: Stepper; forward: Stepper }> {
  const network = buildNetwork({ network: "refinenet-lw-mobilenet-v2", classes, size: [batch, size, size] });
  const isEncoder = (name: string) => name.startsWith("layer");
  const settings = { optimizer: "sgd", momentum: 0.9, weightDecay: 1e-5 } as const;
  const step = buildTrainingStep(network, {
    groups: [
      { name: "encoder", has: isEncoder, ...settings },
      { name: "decoder", has: (name) => !isEncoder(name), ...settings },
    ],
  });
  const initialOf = (name: string) => {
    const tensor = network.parameters.get(name);
    if (!tensor) throw new Error(`no parameter ${name}`);
    return initialValue(tensor, { seed: 1 });
  };
  const state = [...step.parameters, ...step.memory];
  const fed = new Set(state.map(({ input }) => input));
  const session = await openNodeSession(
    lowerToOnnx(step.outputs, { parameters: (name) => (fed.has(name) ? "input" : initialOf(name)) }),
    {
      threads,
      carried: state.map(({ input, output, shape }) => ({
        input,
        output,
        initial: {
          data: network.parameters.has(input)
            ? initialOf(input)
            : new Float32Array(shape.reduce((a, b) => a * b, 1)),
          dims: shape,
        },
      })),
    },
  );
  const forward = await openNodeSession(lowerToOnnx({ scores: network.scores }, { parameters: initialOf }), {
    threads,
  });
  const rate = (value: number) => ({ data: Float32Array.of(value), dims: [] });
  const feeds = { image, target, "learningRate.encoder": rate(1e-4), "learningRate.decoder": rate(1e-3) };
  return { step: () => timed(() => session.run(feeds)), forward: () => timed(() => forward.run({ image })) };
}

/** The same step in PyTorch, or undefined where no python3 with PyTorch is found. */
async function pytorch(): Promise<{ step: Stepper; version: string; stop(): void } | undefined> {
  const script = fileURLToPath(new URL("pytorch/train_step.py", import.meta.url));
  for (const python of ["python3", "/usr/bin/python3"]) {
    const child = spawn(python, [script, JSON.stringify({ batch, size, classes, threads })], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.on("error", () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) continue;
    const step = async () => {
      await setTimeout(PAUSE_MS);
      child.stdin.write("step\n");
      return Number((await lines.next()).value);
    };
    return { step, version: String(first.value), stop: () => child.kill() };
  }
  return undefined;
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const mine = await ours();
const peer = await pytorch();
const times = { step: [] as number[], peer: [] as number[], forward: [] as number[] };
for (let run = -warmup; run < runs; run++) {
  const step = await mine.step();
  const other = peer ? await peer.step() : Number.NaN;
  const forward = await mine.forward();
  if (run < 0) continue;
  times.step.push(step);
  times.peer.push(other);
  times.forward.push(forward);
}
peer?.stop();

const result = {
  oursMs: median(times.step),
  pytorchMs: peer ? median(times.peer) : null,
  ratio: peer ? median(times.step) / median(times.peer) : null,
  forwardMs: median(times.forward),
  ...(!peer && { note: "PyTorch is not installed; on Debian: apt-get install python3-torch" }),
  conditions: {
    network: "refinenet-lw-mobilenet-v2",
    classes,
    batch,
    size,
    batchNorm: "frozen",
    threads,
    warmup,
    runs,
    device: cpus()[0]?.model ?? "unknown",
    node: process.version,
    pytorch: peer?.version ?? null,
  },
};
if (values.json) console.log(JSON.stringify(result));
else {
  const { conditions } = result;
  console.log(
    `${conditions.network}, batch ${batch}, ${size}x${size}, ${classes} classes, frozen batch norm, ${threads} threads, ${conditions.device}`,
  );
  console.log(`median of ${runs} steps after ${warmup}, the peers in turns`);
  console.log(
    `lightseg step    ${result.oursMs.toFixed(0)} ms (forward alone, weights constant: ${result.forwardMs.toFixed(0)} ms)`,
  );
  if (peer)
    console.log(
      `PyTorch ${peer.version} eager ${median(times.peer).toFixed(0)} ms; ratio ${result.ratio?.toFixed(2)}`,
    );
  else console.log(result.note);
}
process.exit(0);
