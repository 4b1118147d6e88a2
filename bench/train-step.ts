/**
 * One training step of RefineNet-LW-MobileNet-v2 against PyTorch eager, step by step in turns on the same machine.
 *
 *   npm run bench:train -- [--json] [--batch 4] [--size 256] [--classes 21] [--threads 2] [--runs 20]
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { lowerToOnnx } from "../src/graph/onnx/lower.ts";
import { initialValue } from "../src/models/initialize.ts";
import { buildNetwork } from "../src/models/network.ts";
import { createRandom } from "../src/random.ts";
import { openNodeSession } from "../src/runtime/node.ts";
import { buildTrainingStep } from "../src/training/step.ts";
import { machine, median, startPytorch, type Turn, takeTurns, timed } from "./peers.ts";

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

const random = createRandom(1);
const image = {
  data: Float32Array.from({ length: batch * 3 * size * size }, () => 2 * random() - 1),
  dims: [batch, 3, size, size],
};
const target = {
  data: Int32Array.from({ length: batch * size * size }, () => Math.floor(random() * classes)),
  dims: [batch, size, size],
};

async function ours(): Promise<{ step: Turn; forward: Turn }> {
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
  return { step: timed(() => session.run(feeds)), forward: timed(() => forward.run({ image })) };
}

const mine = await ours();
const peer = await startPytorch("train_step.py", { batch, size, classes, threads });
const times = await takeTurns({ ...mine, ...(peer && { pytorch: peer.turn }) }, { warmup, runs });
peer?.stop();
const [oursMs, forwardMs] = [median(times.get("step")), median(times.get("forward"))];
const pytorchMs = peer ? median(times.get("pytorch")) : null;

const result = {
  oursMs,
  pytorchMs,
  ratio: pytorchMs && oursMs / pytorchMs,
  forwardMs,
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
    ...machine(),
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
    `lightseg step    ${oursMs.toFixed(0)} ms (forward alone, weights constant: ${forwardMs.toFixed(0)} ms)`,
  );
  if (pytorchMs)
    console.log(
      `PyTorch ${peer?.version} eager ${pytorchMs.toFixed(0)} ms; ratio ${(oursMs / pytorchMs).toFixed(2)}`,
    );
  else console.log(result.note);
}
process.exit(0);
