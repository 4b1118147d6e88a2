/**
 * One network at one size and batch, all variants in turns; `bench/cpu.ts` starts it as a process of its own,
 * since large sessions that were open before slow later ones down. Takes a `Case` as JSON and prints a
 * `CaseResult` as JSON.
 */
import { readFile } from "node:fs/promises";
import { exportOnnx } from "../src/export/onnx.ts";
import { decodePhoto } from "../src/images/node/decode.ts";
import { resizePhoto } from "../src/images/resample.ts";
import { compileOnnx } from "../src/inference/compile-onnx.ts";
import { Segmenter, type Timing } from "../src/inference/segmenter.ts";
import { DEFAULT_MODEL } from "../src/model-files/manifest.ts";
import { isQuantized, type QuantizedModel } from "../src/model-files/model.ts";
import { loadRunnableModel } from "../src/model-files/node/load.ts";
import { quantizeModel } from "../src/quantization/quantize-model.ts";
import { openNodeSession } from "../src/runtime/node/session.ts";
import type { Case, CaseResult, Variant } from "./cpu-variants.ts";
import { CLASSES, openBenchModel, readBenchPhoto, repeat } from "./models.ts";
import { startPytorch, type Turn, takeTurns, timed } from "./peers.ts";

const options: Case = JSON.parse(process.argv[2] ?? "");
const { network, size, batch, threads } = options;
const engine = { open: openNodeSession, threads };
const chelsea = await readBenchPhoto();
const photo = resizePhoto(chelsea, size, size);
const pixels = { data: repeat(photo.data, batch), shape: [batch, size, size, 3] };
const splits: Timing[] = [];
let pytorch: string | null = null;

const { model, isShipped } = await openBenchModel(network);

const open: Record<Variant, () => Promise<Turn | undefined>> = {
  async plain() {
    const bytes = exportOnnx(model, batch === 1 ? { size: [size, size] } : {});
    const session = await openNodeSession(bytes, { threads });
    const image = { data: Float32Array.from(pixels.data, (v) => v / 128 - 1), shape: [batch, 3, size, size] };
    return timed(() => session.run({ image }, ["scores"]));
  },
  async fp32() {
    const bytes = compileOnnx(model, batch === 1 ? { size: [size, size] } : {});
    const session = await openNodeSession(bytes, { threads });
    return timed(() => session.run({ pixels }, ["scores"]));
  },
  async int8() {
    const session = await openNodeSession((await quantized()).onnx, { threads });
    return timed(() => session.run({ pixels }, ["scores"]));
  },
  async "end-to-end-int8"() {
    if (batch !== 1) return undefined;
    const segmenter = new Segmenter(await quantized(), { open: openNodeSession, decodePhoto }, { threads });
    return timed(async () => splits.push((await segmenter.segment(photo)).timing));
  },
  "pytorch-eager": () => openPytorch(false),
  "pytorch-frozen": () => openPytorch(true),
};

async function openPytorch(frozen: boolean): Promise<Turn | undefined> {
  const peer = await startPytorch("forward.py", { network, classes: CLASSES, batch, size, threads, frozen });
  pytorch = peer?.version ?? null;
  return peer?.turn;
}

/** The shipped file where there is one; else ranges from a small photo, since they do not change the time. */
async function quantized(): Promise<QuantizedModel> {
  if (isShipped) {
    const { model: small } = await loadRunnableModel({ model: DEFAULT_MODEL, dtype: "int8" });
    if (isQuantized(small)) return small;
  }
  return {
    ...model,
    onnx: await quantizeModel({ ...engine, model, calibration: [resizePhoto(chelsea, 64, 64)] }),
  };
}

const turns: [string, Turn][] = [];
for (const variant of options.variants) {
  const turn = await open[variant]();
  if (turn) turns.push([variant, turn]);
}
const times = await takeTurns(Object.fromEntries(turns), options);
// The kernel's own count of the most that was resident at once.
const status = await readFile("/proc/self/status", "utf8").catch(() => "");
const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
const result: CaseResult = {
  times: Object.fromEntries(times),
  splits: splits.slice(options.warmup),
  peakBytes: 1024 * peakKb,
  pytorch,
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
