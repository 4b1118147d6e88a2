/**
 * Networks on a graphics card: photos to labels, and training steps, on WebGPU in Node beside PyTorch on CUDA
 * where a python3 with it is found. Each case is a process of its own; one that fails keeps its error.
 *
 * npm run bench:gpu -- [--json] [--case forward:NETWORK|step:NETWORK ...] [--size 512x512 ...]
 * [--batch 1 ...] [--dtype fp32 ...] [--crop 512] [--step-batch 8] [--runs 20] [--warmup 5] [--cpu]
 * [--profile] [--no-pytorch] [--minutes 60]
 *
 * --cpu also times the CPU and compares the answers, --profile adds the times of the card's kernels. No case
 * begins after --minutes.
 */
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";
import { messageOf } from "../src/errors.ts";
import { formatTable } from "../src/format-table.ts";
import { describeEngine } from "../src/runtime/node/engine-package.ts";
import { findDevice } from "../src/runtime/node/find-device.ts";
import type { GpuCase, GpuCaseResult } from "./gpu-case.ts";
import type { KernelTimes } from "./gpu-profile.ts";
import { machine, median, quantile } from "./peers.ts";

const many = { type: "string", multiple: true } as const;
const forward = [
  "refinenet-lw-50",
  "refinenet-lw-101",
  "refinenet-lw-152",
  "refinenet-lw-mobilenet-v2",
  "ndnet45",
].map((network) => `forward:${network}`);
const steps = ["step:refinenet-lw-mobilenet-v2", "step:refinenet-lw-50"];
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    case: { ...many, default: [...forward, ...steps] },
    size: { ...many, default: ["512x512", "625x468"] },
    batch: { ...many, default: ["1", "8"] },
    dtype: { ...many, default: ["fp32", "fp16"] },
    crop: { type: "string", default: "512" },
    "step-batch": { type: "string", default: "8" },
    runs: { type: "string", default: "20" },
    warmup: { type: "string", default: "5" },
    cpu: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    minutes: { type: "string", default: "60" },
    "no-pytorch": { type: "boolean", default: false },
  },
});

/** The longest that a case may take, in milliseconds. */
const LONGEST_MS = 600_000;
const run = promisify(execFile);
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Losses, kernels, equality with the CPU. */
type Found = Omit<GpuCaseResult, "times" | "cpu"> & Omit<NonNullable<GpuCaseResult["cpu"]>, "times">;

interface Row extends Pick<GpuCase, "kind" | "network" | "dtype" | "batch" | "height" | "width"> {
  /** `webgpu`, `cpu`, or PyTorch: `eager`, `eager tf32`, `compiled`. */
  readonly peer: string;
  readonly medianMs?: number;
  readonly p95Ms?: number;
  /** At the median. */
  readonly photosPerSecond?: number;
  readonly found?: Found;
  /** Why there are no times. */
  readonly error?: string;
}

function* listCases(): Generator<GpuCase> {
  const { warmup, runs } = values;
  const common = { warmup: Number(warmup), runs: Number(runs), cpu: values.cpu, profile: values.profile };
  for (const typed of values.case) {
    const [kind, network = ""] = typed.split(":");
    if (kind === "step") {
      const [height = 0, width = height] = values.crop.split("x").map(Number);
      yield { ...common, kind, network, dtype: "fp32", batch: Number(values["step-batch"]), height, width };
    } else if (kind === "forward") {
      for (const size of values.size)
        for (const dtype of ["fp32", "fp16"] as const)
          for (const batch of values.batch.map(Number)) {
            const [height = 0, width = height] = size.split("x").map(Number);
            if (values.dtype.includes(dtype)) yield { ...common, kind, network, dtype, batch, height, width };
          }
    } else throw new Error(`--case must begin with forward: or step:, got ${typed}`);
  }
}

/** Versions of PyTorch, CUDA and card; undefined where PyTorch finds none. */
async function findPytorch() {
  const schema = z.object({ version: z.string(), device: z.string() });
  for (const python of values["no-pytorch"] ? [] : ["python3", "/usr/bin/python3"]) {
    try {
      const { stdout } = await run(python, [file("pytorch/gpu.py")], { timeout: LONGEST_MS });
      return { python, ...schema.parse(JSON.parse(stdout)) };
    } catch {}
  }
  return undefined;
}

/** Runs a case in a process of its own. */
async function runApart(
  command: string,
  args: readonly string[],
): Promise<{ result?: GpuCaseResult; error?: string }> {
  try {
    const { stdout } = await run(command, [...args], { timeout: LONGEST_MS, maxBuffer: 2 ** 26 });
    return { result: JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") };
  } catch (cause) {
    return { error: shortly(cause) };
  }
}

/** The last lines of what a process said, or how it ended. */
function shortly(cause: unknown): string {
  const {
    stderr = "",
    signal,
    code,
  } = z
    .object({ stderr: z.string(), signal: z.string().nullable(), code: z.unknown() })
    .partial()
    .catch({})
    .parse(cause);
  const lines = stderr.split("\n").filter((line) => /Error: |memory|lost/.test(line));
  const ending = signal ? `its process ended with ${signal}` : `its process ended with code ${code}`;
  return lines.length > 0
    ? `${ending}: ${lines.slice(0, 3).join("; ").slice(0, 600)}`
    : `${ending}: ${messageOf(cause).slice(0, 300)}`;
}

function makeRow(about: GpuCase, peer: string, times: readonly number[], found: Found = {}): Row {
  const medianMs = median(times);
  return {
    ...pick(about),
    peer,
    medianMs,
    p95Ms: quantile(times, 0.95),
    photosPerSecond: (1000 * about.batch) / medianMs,
    ...(Object.keys(found).length > 0 && { found }),
  };
}

function pick({ kind, network, dtype, batch, height, width }: GpuCase) {
  return { kind, network, dtype, batch, height, width };
}

async function measureCase(about: GpuCase, pytorch: Awaited<ReturnType<typeof findPytorch>>): Promise<Row[]> {
  const ours = await runApart(process.execPath, [...process.execArgv, gpuCase, JSON.stringify(about)]);
  const rows: Row[] = [];
  if (ours.result) {
    const { times, cpu, ...found } = ours.result;
    const { times: cpuTimes, ...equality } = cpu ?? {};
    rows.push(makeRow(about, "webgpu", times, { ...found, ...equality }));
    if (cpuTimes) rows.push(makeRow({ ...about, dtype: "fp32" }, "cpu", cpuTimes));
  } else rows.push({ ...pick(about), peer: "webgpu", error: ours.error ?? "" });
  for (const peer of pytorch
    ? ["eager", ...(about.dtype === "fp32" ? ["eager tf32"] : []), "compiled"]
    : []) {
    const settings = { ...about, peer, device: "cuda" };
    const { result, error } = await runApart(pytorch?.python ?? "", [
      file("pytorch/gpu.py"),
      JSON.stringify(settings),
    ]);
    rows.push(result ? makeRow(about, peer, result.times) : { ...pick(about), peer, error: error ?? "" });
  }
  return rows;
}

/** NVIDIA's driver, or Mesa's package; null where neither says. */
function findDriver(): string | null {
  for (const [command, ...args] of [
    ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
    ["dpkg-query", "-W", "mesa-vulkan-drivers"],
  ] as const) {
    const { stdout, status } = spawnSync(command, args, { encoding: "utf8" });
    if (status === 0) return stdout.trim().replaceAll("\t", " ");
  }
  return null;
}

function describe({ kind, network, dtype, batch, height, width, peer, ...row }: Row): string[] {
  const figures = [row.medianMs, row.p95Ms, row.photosPerSecond].map((figure) => figure?.toFixed(1) ?? "");
  const { kernels, equalLabels, lossDifference, losses } = row.found ?? {};
  const rest = [
    ...(row.error === undefined ? [] : [row.error]),
    ...(equalLabels === undefined ? [] : [`labels as on the CPU: ${(100 * equalLabels).toFixed(2)} %`]),
    ...(losses === undefined ? [] : [`losses ${losses.map((loss) => loss.toFixed(6)).join(" ")}`]),
    ...(lossDifference === undefined ? [] : [`from the CPU's by ${lossDifference.toExponential(1)}`]),
    ...(kernels === undefined ? [] : [`card ${kernels.ms.toFixed(1)} ms: ${describeKernels(kernels)}`]),
  ];
  const size = `${height}x${width}`;
  return [kind, network, size, String(batch), dtype, peer, ...figures, rest.join("; ")];
}

function describeKernels({ byKernel, onCpu }: KernelTimes): string {
  const longest = Object.entries(byKernel).slice(0, 6);
  const times = longest.map(([kernel, ms]) => `${kernel} ${ms.toFixed(1)}`).join(", ");
  return onCpu.length > 0 ? `${times}; on the CPU ${onCpu.join(", ")}` : times;
}

// Compiled where no compiler is at hand.
const gpuCase = file(import.meta.url.endsWith(".ts") ? "gpu-case.ts" : "gpu-case.js");
const { note = "" } = await findDevice("webgpu");
const pytorch = await findPytorch();
const conditions = {
  adapter: note,
  driver: findDriver(),
  engine: describeEngine(),
  pytorch: pytorch ? `${pytorch.version}, ${pytorch.device}` : null,
  runs: Number(values.runs),
  warmup: Number(values.warmup),
  date: new Date().toISOString().slice(0, 10),
  ...machine(),
};
const rows: Row[] = [];
const last = performance.now() + 60_000 * Number(values.minutes);
for (const about of listCases()) {
  if (performance.now() > last) {
    console.error(`${values.minutes} minutes are over`);
    break;
  }
  const found = await measureCase(about, pytorch);
  rows.push(...found);
  for (const row of found) console.error(describe(row).join(" "));
}
if (values.json) console.log(JSON.stringify({ conditions, rows }));
else {
  for (const [name, value] of Object.entries(conditions)) console.log(`${name}: ${value}`);
  // Notes are too long for a column.
  const head = ["case", "network", "size", "batch", "dtype", "peer", "median ms", "p95", "photos/s"];
  console.log(formatTable([head, ...rows.map((row) => describe(row).slice(0, -1))]));
}
process.exit(0);
