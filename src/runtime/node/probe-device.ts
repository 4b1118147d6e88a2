import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Feeds, TensorData } from "../session.ts";
import type { Device } from "./devices.ts";

/** A first use of a driver may compile for some seconds. */
const LONGEST_MS = 60_000;

/** What a process that tried a device has found. */
export interface Probe {
  /** The model's outputs; undefined where the device does not work. */
  readonly values?: Readonly<Record<string, TensorData>>;
  /** Why there are none. */
  readonly error?: string;
  /** Name of the graphics card, such as `NVIDIA H100 80GB HBM3`; undefined where it is not known. */
  readonly adapter?: string;
  /** Whether the engine has found a graphics card in the machine, which it looks for apart from WebGPU. */
  readonly seesCard: boolean;
}

const data = z.union([z.instanceof(Float32Array), z.instanceof(Int32Array), z.instanceof(Uint8Array)]);
const replySchema = z.union([
  z.object({ values: z.record(z.string(), z.object({ data, shape: z.array(z.number()) })) }),
  z.object({ error: z.string() }),
]);

export interface ProbeOptions {
  readonly model: Uint8Array;
  readonly feeds: Feeds;
  readonly outputs: readonly string[];
  /** Environment of the process. Defaults to this one's. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a model once on a device, in a process of its own: a driver that crashes ends that process alone.
 *
 * The engine keeps the adapter's name to itself. On Linux Dawn opens its device through the Vulkan loader,
 * whose debug log names the adapter in use. That tells a software adapter from a card; driver files and
 * device nodes do not.
 */
export async function probeDevice(
  device: Device,
  { model, feeds, outputs, env = process.env }: ProbeOptions,
): Promise<Probe> {
  const child = fork(fileURLToPath(new URL("./device-probe.mjs", import.meta.url)), [], {
    env: { ...env, VK_LOADER_DEBUG: "driver" },
    // Flags of the program itself must not reach this file.
    execArgv: [],
    serialization: "advanced",
    silent: true,
    timeout: LONGEST_MS,
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  let reply: unknown;
  child.once("message", (message) => {
    reply = message;
  });
  child.send({ model, device, feeds, outputs });
  const ending = await new Promise<string>((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("close", (code, signal) => resolve(`its process ended with ${signal ?? `code ${code}`}`));
  });
  const adapter = [...log.matchAll(/Using "([^"]+)" with driver/g)].at(-1)?.[1];
  const seesCard = /Discovered OrtHardwareDevice \{[^}]*type:1\b/.test(log);
  const about = { seesCard, ...(adapter !== undefined && { adapter }) };
  return { ...(reply === undefined ? { error: ending } : replySchema.parse(reply)), ...about };
}
