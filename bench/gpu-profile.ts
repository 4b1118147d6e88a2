/** The engine's own times of a card's kernels. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { z } from "zod";
import { requireOutputs } from "../src/runtime/engine-error.ts";
import { OrtSession } from "../src/runtime/ort-session.mjs";
import type { OpenSession } from "../src/runtime/session.ts";

export interface KernelTimes {
  /** Milliseconds that the card works in a run. */
  readonly ms: number;
  /** The same by kernel, the longest first. */
  readonly byKernel: Readonly<Record<string, number>>;
  /** Names of ops of which a node ran on the CPU. */
  readonly onCpu: readonly string[];
}

const eventSchema = z.object({
  cat: z.string(),
  name: z.string(),
  /** Microseconds. */
  dur: z.number(),
  args: z.object({ op_name: z.string(), provider: z.string() }).partial(),
});

/** Opens sessions on WebGPU that count the time of their kernels. They run in this thread. */
export class Profiler {
  readonly #folder = mkdtemp(join(tmpdir(), "lightseg-profile-"));
  readonly #sessions: ort.InferenceSession[] = [];

  readonly open: OpenSession = Object.assign(
    async (model: Uint8Array, { carried = [] }: Parameters<OpenSession>[1] = {}) => {
      const profileFilePrefix = join(await this.#folder, "run");
      const InferenceSession = {
        create: async (bytes: Uint8Array, options: ort.InferenceSession.SessionOptions) => {
          const all = { ...options, enableProfiling: true, profileFilePrefix };
          const session = await ort.InferenceSession.create(bytes, all);
          this.#sessions.push(session);
          return session;
        },
      };
      const executionProviders = [{ name: "webgpu" as const }];
      const session = await OrtSession.open({ Tensor: ort.Tensor, InferenceSession }, model, {
        executionProviders,
        carried,
      });
      const run: Awaited<ReturnType<OpenSession>>["run"] = async (feeds, outputs) =>
        requireOutputs(await session.run(feeds, outputs), outputs);
      return { run, state: () => session.state(), dispose: () => session.dispose() };
    },
    { provider: "webgpu" as const },
  );

  /** @param runs how many there were */
  async finish(runs: number): Promise<KernelTimes> {
    for (const session of this.#sessions) session.endProfiling();
    const folder = await this.#folder;
    const times = new Map<string, number>();
    const onCpu = new Set<string>();
    for (const file of await readdir(folder)) {
      const events = z
        .array(eventSchema.catch(nothing))
        .parse(JSON.parse(await readFile(join(folder, file), "utf8")));
      for (const { cat, name, dur, args } of events) {
        if (cat === "Node" && args.provider === "CPUExecutionProvider") onCpu.add(args.op_name ?? name);
        if (cat !== "Api") continue; // The kernels of WebGPU.
        const kernel = name.split("&").at(-1) ?? name;
        times.set(kernel, (times.get(kernel) ?? 0) + dur / 1e3 / runs);
      }
    }
    await rm(folder, { recursive: true });
    const sorted = [...times].toSorted(([, a], [, b]) => b - a);
    const ms = sorted.reduce((sum, [, own]) => sum + own, 0);
    const round = (value: number) => Number(value.toFixed(3));
    const byKernel = Object.fromEntries(sorted.map(([name, own]) => [name, round(own)]));
    return { ms: round(ms), byKernel, onCpu: [...onCpu] };
  }
}

/** Stands for events of another form. */
const nothing = { cat: "", name: "", dur: 0, args: {} };
