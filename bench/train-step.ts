/**
 * One training step of RefineNet-LW-MobileNet-v2 against PyTorch eager, step by step in turns on the same
 * machine.
 *
 * npm run bench:train -- [--json] [--batch 4] [--size 256] [--classes 21] [--threads 2] [--replicas auto]
 * [--runs 20]
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { lowerToOnnx } from "../src/graph/onnx/lower.ts";
import { initialWeights } from "../src/models/initialize.ts";
import { buildNetwork } from "../src/models/network.ts";
import { createRandom } from "../src/random.ts";
import { openNodeSession } from "../src/runtime/node/session.ts";
import { parseTrainingConfig, resolveStages } from "../src/training/config.ts";
import { chooseReplicas } from "../src/training/replicas.ts";
import { buildTrainingGraph, openTrainingSession } from "../src/training/training-session.ts";
import { machine, median, startPytorch, type Turn, takeTurns, timed } from "./peers.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    batch: { type: "string", default: "4" },
    size: { type: "string", default: "256" },
    classes: { type: "string", default: "21" },
    threads: { type: "string", default: String(availableParallelism()) },
    replicas: { type: "string", default: "auto" },
    runs: { type: "string", default: "20" },
    warmup: { type: "string", default: "3" },
  },
});
const [batch, size, classes] = [Number(values.batch), Number(values.size), Number(values.classes)];
const [threads, runs, warmup] = [Number(values.threads), Number(values.runs), Number(values.warmup)];

const random = createRandom(1);
const image = {
  data: Float32Array.from({ length: batch * 3 * size * size }, () => 2 * random() - 1),
  shape: [batch, 3, size, size],
};
const target = {
  data: Int32Array.from({ length: batch * size * size }, () => Math.floor(random() * classes)),
  shape: [batch, size, size],
};

async function ours(): Promise<{ step: Turn; forward: Turn; replicas: number }> {
  const name = "refinenet-lw-mobilenet-v2";
  const asked = values.replicas === "auto" ? "auto" : Number(values.replicas);
  const crop: [number, number] = [size, size];
  const config = parseTrainingConfig({
    network: name,
    dataset: "none",
    data: "none",
    batch,
    crop,
    replicas: asked,
  });
  const [stage] = resolveStages(config);
  if (!stage) throw new Error("there is no stage");
  const replicas = chooseReplicas(stage, { ...config, threads });
  const network = buildNetwork({ network: name, classes, size: [batch, size, size] });
  const weights = initialWeights(network.parameters, { seed: 1 });
  const graph = buildTrainingGraph(stage, { network: name, classes, replicas });
  const session = await openTrainingSession(graph, weights, { open: openNodeSession, threads, seed: 1 });
  const parameters = (parameter: string) => weights.get(parameter)?.data ?? "input";
  const forward = await openNodeSession(lowerToOnnx({ scores: network.scores }, { parameters }), { threads });
  const rates = { encoder: 1e-4, decoder: 1e-3 };
  return {
    step: timed(() => session.run({ image, target }, { step: 0, rates })),
    forward: timed(() => forward.run({ image }, ["scores"])),
    replicas,
  };
}

const { replicas, ...mine } = await ours();
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
    replicas,
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
