import { readdirSync } from "node:fs";
import { checkChoice } from "../../check.ts";
import { LightsegError } from "../../errors.ts";
import type { OpenSession } from "../session.ts";
import { buildDeviceCheck, findWrongAnswer } from "./device-check.ts";
import { type Device, type DeviceChoice, deviceChoices } from "./devices.ts";
import { type Probe, type ProbeOptions, probeDevice } from "./probe-device.ts";
import { nodeSessions, openNodeSession } from "./session.ts";

/** A device that works. */
export interface FoundDevice {
  readonly device: Device;
  /**
   * Which device it is and why, a sentence without a full stop. Undefined where that goes without saying: the
   * CPU was asked for, or the machine has no graphics card.
   */
  readonly note?: string;
  /** Opens sessions on it. */
  readonly open: OpenSession;
}

/** What is known of the machine; a test puts its own in place. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Whether there may be a graphics card at all: a cheap question, asked before a process is started. */
  hasGraphics(): boolean;
  probe(device: Device, options: ProbeOptions): Promise<Probe>;
}

const thisMachine: Machine = {
  platform: process.platform,
  hasGraphics: () => process.platform !== "linux" || hasDeviceNode(),
  probe: probeDevice,
};

/** Of the small network, worked out once. */
let answer: ReturnType<typeof answerOfCpu> | undefined;
const found = new Map<DeviceChoice, Promise<FoundDevice>>();

/**
 * Finds the device to compute on. Each choice is tried once a process; later calls give the same.
 *
 * A GPU must give the same as the CPU on a small network and its gradients, which takes a second or two. With
 * `auto` the CPU is taken where it does not, and an adapter in software (llvmpipe, SwiftShader) is passed
 * over.
 *
 * @param choice defaults to `auto`
 *
 * @example
 * const { open, note } = await findDevice("auto");
 * const predictor = createPredictor(model, { open });
 *
 * @throws LightsegError RUNTIME if a device that was named is not there or gives a wrong answer,
 *   INVALID_ARGUMENT for another name
 */
export function findDevice(choice: DeviceChoice = "auto"): Promise<FoundDevice> {
  const known = found.get(choice) ?? chooseDevice(choice, thisMachine);
  found.set(choice, known);
  return known;
}

/** As `findDevice`, on a machine that is given, without a memory. */
export async function chooseDevice(choice: DeviceChoice, machine: Machine): Promise<FoundDevice> {
  checkChoice(choice, deviceChoices, "findDevice", "device");
  if (choice === "cpu") return onCpu();
  if (choice !== "auto") return requireDevice(choice, machine);
  if (!machine.hasGraphics()) return onCpu();
  const { refusal, adapter } = await tryDevice("webgpu", machine);
  if (refusal !== undefined) return onCpu(`WebGPU does not work here: ${refusal}`);
  if (adapter === undefined)
    return onCpu("WebGPU does not say which card it runs on; device webgpu takes it");
  if (isSoftware(adapter)) return onCpu(`WebGPU has an adapter in software alone, ${adapter}`);
  return onGpu("webgpu", adapter);
}

async function requireDevice(device: "webgpu" | "cuda", machine: Machine): Promise<FoundDevice> {
  const { refusal, adapter } = await tryDevice(device, machine);
  if (refusal === undefined) return onGpu(device, adapter);
  throw new LightsegError({
    code: "RUNTIME",
    where: "findDevice",
    argument: device,
    rule: `must be available: ${refusal}`,
    hint: device === "cuda" ? CUDA_HINT : (DRIVER_HINTS[machine.platform] ?? "update the graphics driver"),
  });
}

function onCpu(why?: string): FoundDevice {
  const note = why === undefined ? {} : { note: `on the CPU: ${why}` };
  return { device: "cpu", open: openNodeSession, ...note };
}

function onGpu(device: "webgpu" | "cuda", adapter = "an adapter without a name"): FoundDevice {
  const name = device === "cuda" ? "CUDA" : `WebGPU, ${adapter}`;
  return { device, note: `on ${name}: it gives the same as the CPU`, open: nodeSessions(device) };
}

/**
 * @returns why the device cannot be used, if it cannot, and what its adapter is called, where that is known
 */
async function tryDevice(
  device: "webgpu" | "cuda",
  machine: Machine,
): Promise<{ refusal?: string; adapter: string | undefined }> {
  const { values, error, ...probe } = await machine.probe(device, buildDeviceCheck("webgpu"));
  const adapter = probe.adapter ?? namelessAdapter(machine.platform, probe);
  if (!values) return { refusal: plainly(error ?? "no answer"), adapter };
  answer ??= answerOfCpu();
  const wrong = findWrongAnswer(values, await answer);
  if (!wrong) return { adapter };
  const percent = (100 * wrong.error).toFixed(1);
  return { refusal: `its answer is wrong, ${wrong.name} differs by ${percent} %`, adapter };
}

/**
 * Dawn takes Metal on macOS, which no software offers, and on Windows a card before its renderer in
 * software.
 */
function namelessAdapter(
  platform: NodeJS.Platform,
  { seesCard }: Pick<Probe, "seesCard">,
): string | undefined {
  if (platform === "darwin") return "Metal";
  return platform === "win32" && seesCard ? "Direct3D 12" : undefined;
}

async function answerOfCpu() {
  const { model, feeds, outputs } = buildDeviceCheck("cpu");
  const session = await openNodeSession(model, { threads: 1 });
  try {
    return await session.run(feeds, outputs);
  } finally {
    await session.dispose();
  }
}

function isSoftware(adapter: string): boolean {
  return /llvmpipe|lavapipe|swiftshader|basic render|software/i.test(adapter);
}

/** Drivers make these; in a container they are there where the card was passed in. */
function hasDeviceNode(): boolean {
  const names = (folder: string) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  };
  const isCard = (name: string) => /^(nvidia\d+|dxg|kgsl-3d0|mali\d+|pvr.*)$/.test(name);
  return names("/dev").some(isCard) || names("/dev/dri").some((name) => /^(renderD|card)\d+$/.test(name));
}

/** The engine's messages hold its files and lines; the last sentence says what went wrong. */
function plainly(message: string): string {
  const [, reason] = /Failed to get a WebGPU (?:adapter|device): (.*)/.exec(message) ?? [];
  if (reason) return reason === "No supported adapters" ? "no graphics driver for it was found" : reason;
  if (message.includes("_Cuda: Failed to load shared library"))
    return "onnxruntime's CUDA libraries are not there";
  return message.replaceAll(/\s+/g, " ").trim();
}

const DRIVER_HINTS: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    "install the card's driver with its Vulkan part and the Vulkan loader (Debian, Ubuntu: libvulkan1, for AMD and Intel mesa-vulkan-drivers; in NVIDIA's containers NVIDIA_DRIVER_CAPABILITIES=all)",
};

const CUDA_HINT =
  "Linux on x64 with NVIDIA's driver, CUDA 12 and cuDNN 9: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node puts them beside libonnxruntime.so.1";
