import { beforeAll, describe, expect, it } from "vitest";
import { describeNetwork } from "../../src/model-files/model.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { type Probe, probeNetwork } from "../../src/studies/probe.ts";
import type { LabelledPhoto } from "../../src/training/samples.ts";

const name = "refinenet-lw-mobile-96+mobilenet-v2";
const classes = ["background", "red", "blue"];
const palette = [
  [0, 0, 0],
  [255, 0, 0],
  [0, 0, 255],
] as const;
const { parameters } = buildNetwork({ network: name, classes: 3 });
const weights = initialWeights(parameters, { seed: 1 });
const model = { ...describeNetwork(name, { classes, palette }), weights };
const engine = { open: openNodeSession, threads: 1 };

/** Black, with the left half red in one of two photos and the right half blue in one of three. */
function samplesOf(size: number) {
  return {
    size,
    async load(index: number): Promise<LabelledPhoto> {
      const labels = Uint8Array.from({ length: 32 * 32 }, (_, at) => {
        if (at % 32 < 16) return index % 2;
        return index % 3 === 0 ? 2 : 0;
      });
      const data = new Uint8Array(3 * labels.length);
      for (const [pixel, label] of labels.entries()) data.set(palette[label] ?? [0, 0, 0], 3 * pixel);
      return { photo: { width: 32, height: 32, data }, labels: { width: 32, height: 32, data: labels } };
    },
  };
}

function bytesOf(parameter: string): Uint8Array {
  return new Uint8Array(weights.get(parameter)?.data.buffer ?? new ArrayBuffer(0));
}

describe("probeNetwork", () => {
  const tasks = new Set<string>();
  let probes: Probe[] = [];
  beforeAll(async () => {
    probes = await probeNetwork(
      model,
      {
        ...{ at: ["layer2", "before:layer2"], train: samplesOf(12), val: samplesOf(6), rate: 0.05 },
        ...{ longSide: 32, epochs: 60, batch: 6, seed: 3 },
        onProgress: ({ task, total }) => tasks.add(`${task} ${total}`),
      },
      engine,
    );
  });

  it("trains heads that find what the maps hold", () => {
    expect(probes.map(({ at, map }) => [at, map])).toEqual([
      ["layer2", [16, 16, 16]],
      ["before:layer2", [32, 16, 16]],
    ]);
    for (const { miou, iou, accuracy } of probes) {
      expect(miou).toBeGreaterThan(0.9);
      expect(iou).toHaveLength(3);
      // Without the map it would be 7 / 12 at most, see below.
      expect(accuracy).toBeGreaterThan(0.7);
    }
    expect([...tasks]).toEqual(["maps 12", "steps 120", "validation photos 6"]);
  });

  it("leaves the network as it is", () => {
    const changed = [...initialWeights(parameters, { seed: 1 })].filter(
      ([name, { data }]) => Buffer.compare(Buffer.from(data.buffer), bytesOf(name)) !== 0,
    );
    expect(changed).toEqual([]);
  });

  it("knows no more than the maps: of photos that are all black, nothing", async () => {
    const { load } = samplesOf(12);
    const black = async (index: number) => {
      const { photo, labels } = await load(index);
      return { photo: { ...photo, data: new Uint8Array(photo.data.length) }, labels };
    };
    const [blind] = await probeNetwork(
      model,
      {
        ...{ at: ["layer2"], train: { size: 12, load: black }, val: { size: 6, load: black } },
        ...{ longSide: 32, epochs: 5, batch: 6 },
      },
      engine,
    );
    // Red is in three of the six photos, blue in two: one answer for all is right in 3 + 4 of 12 at most.
    expect(blind?.accuracy).toBeLessThanOrEqual(7 / 12);
    expect(blind?.miou).toBeLessThan(0.7);
  });

  it.each([
    [{ at: ["nope"] }, "NOT_FOUND"],
    [{ longSide: 8 }, "INVALID_ARGUMENT"],
    [{ epochs: 0 }, "INVALID_ARGUMENT"],
  ])("refuses %j", async (wrong, code) => {
    const options = { at: ["layer2"], train: samplesOf(2), val: samplesOf(2), longSide: 32, ...wrong };
    await expect(probeNetwork(model, options, engine)).rejects.toMatchObject({ code });
  });

  it("stops where it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const options = { at: ["layer2"], train: samplesOf(2), val: samplesOf(2), longSide: 32, signal };
    await expect(probeNetwork(model, options, engine)).rejects.toThrow("enough");
  });
});
