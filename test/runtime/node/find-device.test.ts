import { describe, expect, it } from "vitest";
import { buildDeviceCheck } from "../../../src/runtime/node/device-check.ts";
import { chooseDevice, findDevice, type Machine } from "../../../src/runtime/node/find-device.ts";
import { type Probe, probeDevice } from "../../../src/runtime/node/probe-device.ts";
import { openNodeSession } from "../../../src/runtime/node/session.ts";
import { failureOf } from "../../support/errors.ts";

/** What the CPU answers, which a device that works gives too. */
const { model, feeds, outputs } = buildDeviceCheck("cpu");
const session = await openNodeSession(model, { threads: 1 });
const values = await session.run(feeds, outputs);
await session.dispose();
const shifted = { ...values, "d last": { shape: [1], data: new Float32Array(1000) } };
const card = { adapter: "NVIDIA H100", seesCard: true };

function machine(probe: Probe, rest: Partial<Machine> = {}): Machine {
  return { platform: "linux", hasGraphics: () => true, probe: () => Promise.resolve(probe), ...rest };
}

describe("auto", () => {
  it.each<[string, Machine]>([
    ["on WebGPU, NVIDIA H100: it gives the same as the CPU", machine({ values, ...card })],
    [
      "on WebGPU, Metal: it gives the same as the CPU",
      machine({ values, seesCard: false }, { platform: "darwin" }),
    ],
    [
      "on WebGPU, Direct3D 12: it gives the same as the CPU",
      machine({ values, seesCard: true }, { platform: "win32" }),
    ],
  ])("takes a graphics card: %s", async (note, there) => {
    const found = await chooseDevice("auto", there);
    expect(found).toMatchObject({ device: "webgpu", note });
    expect(found.open.provider).toBe("webgpu");
  });

  it.each<[string, Machine]>([
    [
      "WebGPU has an adapter in software alone, llvmpipe (LLVM 15.0.6, 256 bits)",
      machine({ values, seesCard: true, adapter: "llvmpipe (LLVM 15.0.6, 256 bits)" }),
    ],
    [
      "WebGPU does not say which card it runs on; device webgpu takes it",
      machine({ values, seesCard: false }, { platform: "win32" }),
    ],
    [
      "WebGPU does not work here: its answer is wrong, d last differs by 100.0 %",
      machine({ values: shifted, ...card }),
    ],
    [
      "WebGPU does not work here: its process ended with SIGSEGV",
      machine({ error: "its process ended with SIGSEGV", ...card }),
    ],
  ])("takes the CPU: %s", async (why, there) => {
    const found = await chooseDevice("auto", there);
    expect(found).toMatchObject({ device: "cpu", note: `on the CPU: ${why}` });
    expect(found.open.provider).toBe("cpu");
  });
});

describe("a device that was asked for by name", () => {
  it("may be an adapter in software, or one without a name", async () => {
    const llvmpipe = await chooseDevice("webgpu", machine({ values, adapter: "llvmpipe", seesCard: false }));
    expect(llvmpipe.device).toBe("webgpu");
    const nameless = await chooseDevice("webgpu", machine({ values, seesCard: false }));
    expect(nameless.note).toBe("on WebGPU, an adapter without a name: it gives the same as the CPU");
  });

  it("must give the right answer", async () => {
    const error = await failureOf(chooseDevice("webgpu", machine({ values: shifted, ...card })));
    expect(error).toMatchObject({ code: "RUNTIME", details: { where: "findDevice", argument: "webgpu" } });
    expect(error.message).toContain("d last differs by 100.0 %");
  });

  it("has nothing to say of the CPU", async () => {
    const there = machine({ values, ...card }, { hasGraphics: () => false });
    for (const choice of ["auto", "cpu"] as const)
      expect(await chooseDevice(choice, there)).toEqual({ device: "cpu", open: openNodeSession });
  });

  it("is looked for once", () => {
    expect(findDevice("cpu")).toBe(findDevice("cpu"));
  });
});

describe("a device that is not there", () => {
  const without = (name: string): Machine => ({
    platform: "linux",
    hasGraphics: () => true,
    probe: (device, options) =>
      probeDevice(device, { ...options, env: { ...process.env, [name]: "/nonexistent" } }),
  });

  it("WebGPU without a driver says what to install", async () => {
    const { message, code } = await failureOf(chooseDevice("webgpu", without("VK_DRIVER_FILES")));
    expect(code).toBe("RUNTIME");
    expect(message).toContain("libvulkan1");
  });

  it("CUDA without its libraries says how to get them", async () => {
    const { message } = await failureOf(chooseDevice("cuda", without("CUDA_HOME")));
    expect(message).toContain("onnxruntime's CUDA libraries are not there");
    expect(message).toContain("ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node");
  });
});
