/**
 * WebAssembly in Chromium: lightseg from a picture's bytes to labels, in fp32 and in int8, against
 * onnxruntime-web on the plain export of the same model, with labels chosen in the graph, in the same page
 * and in turns; with the same number of threads, and once with those that onnxruntime-web takes where nobody
 * says, half of the cores and four at most.
 *
 *   npm run bench:browser -- [--json] [--model voc] [--size 256] [--threads 2] [--runs 11] [--warmup 2]
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { exportOnnx } from "../src/export/onnx.ts";
import { decodePhoto } from "../src/images/node/decode.ts";
import { resizePhoto } from "../src/images/resample.ts";
import { loadModel } from "../src/model-files/node/load.ts";
import { openPage, startBrowser } from "../test/browser/browser.ts";
import { startServer } from "../test/browser/server.ts";
import { machine, median } from "./peers.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    model: { type: "string", default: "voc" },
    size: { type: "string", default: "256" },
    threads: { type: "string", default: String(availableParallelism()) },
    runs: { type: "string", default: "11" },
    warmup: { type: "string", default: "2" },
  },
});
const [size, threads] = [Number(values.size), Number(values.threads)];
const [runs, warmup] = [Number(values.runs), Number(values.warmup)];

const model = await loadModel({ model: values.model });
const plain = exportOnnx(model, { size: [size, size], scores: false, labels: true });
const { data } = resizePhoto(await decodePhoto("examples/chelsea.jpg"), size, size);
const server = await startServer({ isolated: true, files: new Map([["/plain.onnx", plain]]) });
const browser = await startBrowser();
const page = await openPage({ browser, server });

/** In the page, in plain JavaScript: every variant's milliseconds. */
const script = `(async () => {
  const { Segmenter } = await import("/dist/web.js");
  const { size, threads, runs, warmup, name, preprocessing } = ${JSON.stringify({ size, threads, runs, warmup, name: values.model, preprocessing: model.preprocessing })};
  const data = Uint8Array.from(atob("${Buffer.from(data).toString("base64")}"), (letter) => letter.charCodeAt(0));
  const photo = { width: size, height: size, data };
  const { scale, mean, std } = preprocessing;
  async function openPlain(copy, threads) {
    // An address of its own is an engine of its own, with its own threads.
    const ort = await import("/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs?" + copy);
    if (threads !== undefined) ort.env.wasm.numThreads = threads;
    const session = await ort.InferenceSession.create("/plain.onnx", { executionProviders: ["wasm"] });
    return async () => {
      const image = new Float32Array(3 * size * size);
      for (let at = 0, pixel = 0; pixel < size * size; pixel++)
        for (let channel = 0; channel < 3; channel++)
          image[channel * size * size + pixel] = (data[at++] * scale - mean[channel]) / std[channel];
      await session.run({ image: new ort.Tensor("float32", image, [1, 3, size, size]) });
    };
  }
  const peers = { plain: await openPlain("plain", threads), "plain-own-threads": await openPlain("own") };
  for (const dtype of ["fp32", "int8"]) {
    const segmenter = await Segmenter.load(name, { device: "wasm", dtype, threads });
    peers[dtype] = () => segmenter.segment(photo);
  }
  const times = Object.fromEntries(Object.keys(peers).map((peer) => [peer, []]));
  for (let round = -warmup; round < runs; round++) {
    for (const [peer, run] of Object.entries(peers)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const start = performance.now();
      await run();
      if (round >= 0) times[peer].push(performance.now() - start);
    }
  }
  return times;
})()`;
const times: Record<string, number[]> = await page.evaluate(script);
await browser.close();
await server.close();

const plainMs = median(times.plain);
const rows = Object.entries(times).map(([variant, taken]) => ({
  variant,
  medianMs: median(taken),
  ratioToPlain: median(taken) / plainMs,
}));
if (values.json)
  console.log(JSON.stringify({ model: values.model, size, threads, runs, warmup, rows, ...machine() }));
else {
  console.log(
    `${values.model}, ${size}x${size}, WebAssembly in Chromium, ${threads} threads, ${machine().device}`,
  );
  console.log(
    `photo to labels, median of ${runs} after ${warmup}, in turns; plain is onnxruntime-web with the plain export`,
  );
  for (const { variant, medianMs, ratioToPlain } of rows)
    console.log(
      `${variant.padEnd(18)} ${medianMs.toFixed(0).padStart(6)} ms  ${ratioToPlain.toFixed(2)} of plain`,
    );
}
process.exit(0);
