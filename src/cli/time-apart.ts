import { spawn } from "node:child_process";
import { z } from "zod";
import type { BenchmarkResult } from "../analysis/benchmark.ts";
import { LightsegError } from "../errors.ts";
import { type Dtype, type DtypeChoice, dtypes } from "../model-files/dtype.ts";
import { type Device, type DeviceChoice, devices } from "../runtime/node/devices.ts";
import { exitCodes } from "./interrupt.ts";

/** How models are timed. */
export interface Settings {
  readonly size: readonly [height: number, width: number];
  readonly runs: number;
  readonly warmup: number;
  readonly threads: number;
  readonly classes: number | undefined;
  readonly dtype: DtypeChoice | undefined;
  readonly device: DeviceChoice;
}

/** A model and how long it took. */
export type Timed = BenchmarkResult & {
  readonly model: string;
  readonly network: string;
  readonly classes: number;
  readonly dtype: Dtype;
  /** What it ran on. */
  readonly device: Device;
};

const times = z.object({
  mean: z.number(),
  deviation: z.number(),
  median: z.number(),
  p95: z.number(),
  min: z.number(),
});
/** What `lightseg benchmark MODEL --json` prints; the part that is read here. */
const childOutput = z.object({
  models: z.tuple([
    z.object({
      model: z.string(),
      network: z.string(),
      classes: z.number(),
      dtype: z.enum(dtypes),
      device: z.enum(devices),
      forward: times,
      postprocess: times,
    }),
  ]),
});

/**
 * Times a model in a process of its own, whose progress appears here; the process is this same command with
 * one model.
 *
 * A signal to stop ends that process first, then this one.
 *
 * @throws LightsegError RUNTIME if the process fails
 */
export async function timeApart(model: string, settings: Settings): Promise<Timed> {
  const [height, width] = settings.size;
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv,
      process.argv[1] ?? "",
      ...["benchmark", model, "--json", "--size", `${height}x${width}`, "--runs", String(settings.runs)],
      ...["--warmup", String(settings.warmup), "--threads", String(settings.threads)],
      ...["--device", settings.device],
      ...(settings.dtype === undefined ? [] : ["--dtype", settings.dtype]),
      ...(settings.classes === undefined ? [] : ["--classes", String(settings.classes)]),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let exitCode: number | undefined;
  const stop = (signal: keyof typeof exitCodes) => {
    exitCode = exitCodes[signal];
    child.kill(signal);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  try {
    const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve(code ?? signal));
    });
    if (exitCode !== undefined) process.exit(exitCode);
    if (ending !== 0) throw failed(model, ending);
    return childOutput.parse(JSON.parse(text)).models[0];
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

function failed(model: string, ending: number | NodeJS.Signals | null): LightsegError {
  const rule = `could not be timed: its process ended with ${ending}`;
  return new LightsegError({ code: "RUNTIME", where: "benchmark", argument: model, rule });
}
