/**
 * Networks side by side on WebAssembly, onnxruntime-web in Node: time of a forward pass in fp32 and int8, in
 * turns, and the bytes of their files. Weights are random: they change neither.
 *
 * npx tsx bench/wasm.ts [--network NETWORK:CLASSES ...] [--size 288x512] [--threads 1]
 *   [--runs 11] [--warmup 2] [--json]
 *
 * The first network is what the others are compared with.
 */
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-web";
import { formatTable } from "../src/format-table.ts";
import { decodePhoto } from "../src/images/node/decode.ts";
import { resizePhoto } from "../src/images/resample.ts";
import { compileOnnx } from "../src/inference/compile-onnx.ts";
import { describePlainly, type Model } from "../src/model-files/model.ts";
import { initialWeights } from "../src/models/initialize.ts";
import { buildNetwork } from "../src/models/network.ts";
import { quantizeModel } from "../src/quantization/quantize-model.ts";
import { openNodeSession } from "../src/runtime/node/session.ts";
import { encodeSafetensors } from "../src/weights/safetensors.ts";
import { machine, median, type Turn, takeTurns, timed } from "./peers.ts";

const { values } = parseArgs({
  options: {
    network: {
      type: "string",
      multiple: true,
      default: ["refinenet-lw-mobilenet-v2:21", "refinenet-lw-mobile-96+mobilenet-v2:2"],
    },
    size: { type: "string", default: "288x512" },
    threads: { type: "string", default: "1" },
    runs: { type: "string", default: "11" },
    warmup: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
  },
});
const threads = Number(values.threads);
const [height = 288, width = 512] = values.size.split("x").map(Number);
const photo = resizePhoto(await decodePhoto("examples/chelsea.jpg"), width, height);

function randomModel(network: string, classes: number): Model {
  const { parameters } = buildNetwork({ network, classes });
  return { ...describePlainly(network, classes), weights: initialWeights(parameters, { seed: 1 }) };
}

ort.env.wasm.numThreads = threads;

async function openTurn(onnx: Uint8Array): Promise<Turn> {
  const session = await ort.InferenceSession.create(onnx, { executionProviders: ["wasm"] });
  const pixels = new ort.Tensor("uint8", photo.data, [1, height, width, 3]);
  return timed(() => session.run({ pixels }));
}

const turns: Record<string, Turn> = {};
const bytes = new Map<string, number>();
for (const typed of values.network) {
  const [network = "", classes] = typed.split(":");
  const model = randomModel(network, Number(classes));
  const onnx = await quantizeModel({ model, calibration: [photo], open: openNodeSession });
  const fp16 = encodeSafetensors(model.weights, { dtype: "F16" });
  const fp32 = compileOnnx(model, { size: [height, width], target: "plain" });
  turns[`${typed} fp32`] = await openTurn(fp32);
  turns[`${typed} int8`] = await openTurn(onnx);
  bytes.set(`${typed} fp32`, fp16.length).set(`${typed} int8`, onnx.length);
}
const times = await takeTurns(turns, { warmup: Number(values.warmup), runs: Number(values.runs) });
const rows = [...times].map(([name, taken]) => {
  const dtype = name.slice(name.lastIndexOf(" "));
  const reference = times.get(`${values.network[0]}${dtype}`) ?? [];
  const [ms, fastest] = [median(taken), Math.min(...taken)];
  const ratios = [ms / median(reference), fastest / Math.min(...reference)];
  return { name, ms, fastest, ratios, bytes: bytes.get(name) ?? 0 };
});
if (values.json)
  console.log(JSON.stringify({ machine: machine(), threads, height, width, rows }, undefined, 2));
else {
  const lines = rows.map(({ name, ms, fastest, ratios: [ofMedian = 0, ofFastest = 0], bytes }) => [
    ...[name, ms.toFixed(1), ofMedian.toFixed(2), fastest.toFixed(1), ofFastest.toFixed(2)],
    (bytes / 1e6).toFixed(2),
  ]);
  console.log(`${width}x${height}, ${threads} threads`);
  console.log(
    formatTable([
      ["network", "median ms", "of the first", "fastest ms", "of the first", "MB, fp16 or int8"],
      ...lines,
    ]),
  );
}
process.exit();
