/** What the comparisons share: taking turns with PyTorch, medians, and where and with what they ran. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Does its work once and says how many milliseconds that took. */
export type Turn = () => Promise<number>;

/** Threads of an engine spin for a while after their work; the next peer must not pay for that. */
const PAUSE_MS = 200;

export function timed(run: () => Promise<unknown>): Turn {
  return async () => {
    await setTimeout(PAUSE_MS);
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
}

export interface PytorchPeer {
  readonly turn: Turn;
  readonly version: string;
  stop(): void;
}

/**
 * A script of `bench/pytorch` that times its work once for each line it is sent, or undefined where no
 * python3 with PyTorch is found.
 */
export async function startPytorch(script: string, options: unknown): Promise<PytorchPeer | undefined> {
  const file = fileURLToPath(new URL(`pytorch/${script}`, import.meta.url));
  for (const python of ["python3", "/usr/bin/python3"]) {
    const child = spawn(python, [file, JSON.stringify(options)], { stdio: ["pipe", "pipe", "ignore"] });
    child.on("error", () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) continue;
    const turn = async () => {
      await setTimeout(PAUSE_MS);
      child.stdin.write("go\n");
      return Number((await lines.next()).value);
    };
    return { turn, version: String(first.value), stop: () => child.kill() };
  }
  return undefined;
}

/** The milliseconds of each peer's turns, one after the other in every round. */
export async function takeTurns(
  peers: Readonly<Record<string, Turn>>,
  { warmup, runs }: { warmup: number; runs: number },
): Promise<Map<string, number[]>> {
  const times = new Map(Object.keys(peers).map((name): [string, number[]] => [name, []]));
  for (let round = -warmup; round < runs; round++) {
    for (const [name, turn] of Object.entries(peers)) {
      const ms = await turn();
      if (round >= 0) times.get(name)?.push(ms);
    }
  }
  return times;
}

/** The value that a share of the others lies below. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(times: readonly number[] = []): number {
  return quantile(times, 0.5);
}

/** Instructions that decide how fast kernels are, as Linux names them. */
const FEATURES = ["avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8"];

/** The processor with its features, where the system lists them. */
export function machine(): { device: string; node: string } {
  const model = cpus()[0]?.model ?? "unknown";
  const list = "/proc/cpuinfo";
  const flags = existsSync(list) ? (/^flags\s*:(.*)$/m.exec(readFileSync(list, "utf8"))?.[1] ?? "") : "";
  const found = FEATURES.filter((feature) => flags.split(" ").includes(feature));
  const device = found.length > 0 ? `${model} (${found.join(", ")})` : model;
  return { device, node: process.version };
}
