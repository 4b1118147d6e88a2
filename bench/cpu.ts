/**
 * Forward passes on the CPU, in turns on the same machine: the network exported plainly, as lightseg runs it
 * in fp32 and in int8, from photo to labels, and PyTorch eager and frozen. What each reaches of the machine's
 * own matrix products, and the memory it takes.
 *
 * npm run bench:cpu -- [--json] [--case NETWORK:SIZE:BATCH ...] [--threads 2] [--runs 15] [--warmup 3]
 * [--no-memory]
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { countCost } from "../src/analysis/cost.ts";
import { formatTable } from "../src/format-table.ts";
import { type Ceilings, measureCeilings } from "./ceiling.ts";
import { type Case, type CaseResult, type Variant, variants } from "./cpu-variants.ts";
import { machine, median, quantile } from "./peers.ts";

const small = "refinenet-lw-mobilenet-v2";
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    case: {
      type: "string",
      multiple: true,
      default: [
        `${small}:256:1`,
        `${small}:512:1`,
        `${small}:1024:1`,
        `${small}:512:4`,
        "refinenet-lw-50:512:1",
      ],
    },
    variant: { type: "string", multiple: true, default: [...variants] },
    threads: { type: "string", default: String(availableParallelism()) },
    runs: { type: "string", default: "15" },
    warmup: { type: "string", default: "3" },
    "no-memory": { type: "boolean", default: false },
  },
});
const [threads, runs, warmup] = [Number(values.threads), Number(values.runs), Number(values.warmup)];

interface Row {
  network: string;
  size: number;
  batch: number;
  variant: Variant;
  medianMs: number;
  p95Ms: number;
  /** Of the plain export at the same size and batch; null where that was not measured. */
  ratioToPlain: number | null;
  /** Billions of operations a second, of the network as it is defined; a multiply-accumulate is two. */
  gops: number;
  /** Of the machine's matrix products of the same element type. */
  shareOfCeiling: number;
  /** Milliseconds before, in and after the network, and what those outside it add to it; end to end only. */
  split?: { preprocess: number; inference: number; postprocess: number; overhead: number };
  /** The most memory a process takes that does nothing else, in MB. */
  peakMb?: number;
}

async function measureCase(network: string, size: number, batch: number, ceilings: Ceilings): Promise<Row[]> {
  const chosen = variants.filter((variant) => values.variant.includes(variant));
  const settings = { network, size, batch, threads };
  const { times, splits, pytorch } = await runCase({ ...settings, variants: chosen, warmup, runs });
  if (pytorch) pytorchVersion = pytorch;
  const { flops } = countCost({ network, classes: 21, size: [size, size] });
  const plain = times.plain ? median(times.plain) : null;
  const rows: Row[] = [];
  for (const variant of chosen) {
    const taken = times[variant];
    if (!taken) continue;
    const medianMs = median(taken);
    const gops = (flops * batch) / medianMs / 1e6;
    const isOurs = variant === "plain" || variant === "fp32" || variant === "int8";
    const measured = isOurs && !values["no-memory"];
    const alone = measured && (await runCase({ ...settings, variants: [variant], warmup: 1, runs: 2 }));
    rows.push({
      network,
      size,
      batch,
      variant,
      medianMs,
      p95Ms: quantile(taken, 0.95),
      ratioToPlain: plain && medianMs / plain,
      gops,
      shareOfCeiling: gops / (variant.endsWith("int8") ? ceilings.int8 : ceilings.fp32),
      ...(variant === "end-to-end-int8" && { split: summarizeSplit(splits, medianMs) }),
      ...(alone && { peakMb: alone.peakBytes / 2 ** 20 }),
    });
  }
  return rows;
}

function summarizeSplit(splits: CaseResult["splits"], medianMs: number): Row["split"] {
  const part = (name: "preprocess" | "inference" | "postprocess") =>
    median(splits.map((split) => split[name]));
  const inference = part("inference");
  const [preprocess, postprocess] = [part("preprocess"), part("postprocess")];
  return { preprocess, inference, postprocess, overhead: medianMs / inference - 1 };
}

function runCase(settings: Case): Promise<CaseResult> {
  const file = fileURLToPath(new URL("cpu-case.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, file, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(printed));
      else reject(new Error(`${settings.network} ${settings.size}: the process ended with ${code}`));
    });
  });
}

function describe(row: Row): string[] {
  const { network, size, batch, variant, medianMs, p95Ms, ratioToPlain, gops, shareOfCeiling, peakMb } = row;
  return [
    ...[network, String(size), String(batch), variant],
    ...[medianMs.toFixed(1), p95Ms.toFixed(1), ratioToPlain?.toFixed(2) ?? "", gops.toFixed(0)],
    ...[`${(100 * shareOfCeiling).toFixed(0)} %`, peakMb?.toFixed(0) ?? ""],
  ];
}

let pytorchVersion: string | null = null;
const ceilings = await measureCeilings(threads, runs);
const rows: Row[] = [];
for (const typed of values.case) {
  const [network = small, size, batch] = typed.split(":");
  rows.push(...(await measureCase(network, Number(size), Number(batch ?? 1), ceilings)));
  if (!values.json) console.error(`${typed} done`);
}
if (values.json) console.log(JSON.stringify(rows));
else {
  const { device, node } = machine();
  const { fp32, int8 } = ceilings;
  console.log(`${device}, ${threads} threads, node ${node}, PyTorch ${pytorchVersion ?? "not installed"}`);
  console.log(`median of ${runs} passes after ${warmup}, the variants in turns; matrix products reach`);
  console.log(`${fp32.toFixed(0)} GOP/s in fp32, ${int8.toFixed(0)} GOP/s in int8`);
  const head = [
    "network",
    "size",
    "batch",
    "variant",
    "ms",
    "p95",
    "of plain",
    "GOP/s",
    "of ceiling",
    "peak MB",
  ];
  console.log(formatTable([head, ...rows.map(describe)]));
  for (const { network, size, split } of rows) {
    if (!split) continue;
    const { preprocess, inference, postprocess, overhead } = split;
    const parts = [preprocess, inference, postprocess].map((ms) => ms.toFixed(1)).join(" + ");
    console.log(
      `${network} ${size}, photo to labels: ${parts} ms, ${(100 * overhead).toFixed(1)} % above the network`,
    );
  }
}
process.exit(0);
