import { describe, expect, it } from "vitest";
import { estimateStepMemory, requireMemory } from "../../src/trainer/memory.ts";
import { buildTrainingGraph } from "../../src/training/training-session.ts";
import { lightsegError } from "../support/errors.ts";
import { onlyStage } from "../support/training.ts";

const network = "ndnet29-fcn32";
const stageOf = (side: number, batch = 1) =>
  onlyStage({ network, dataset: "none", data: "none", crop: [side, side], batch });
const memoryOf = (side: number, batch?: number) =>
  estimateStepMemory(buildTrainingGraph(stageOf(side, batch), { network, classes: 3 }));

describe("estimateStepMemory", () => {
  it("grows with the pixels of a step, but for what parameters take", () => {
    const [small, large, two] = [memoryOf(256), memoryOf(512), memoryOf(256, 2)];
    expect(large.fixed).toBe(small.fixed);
    expect(large.varying / small.varying).toBeCloseTo(4, 0);
    expect(two.varying / small.varying).toBeCloseTo(2, 0);
  });
});

describe("requireMemory", () => {
  const memory = { varying: 8e9, fixed: 1e9 };
  const stage = stageOf(512, 8);

  it("lets pass what fits", () => {
    expect(() => requireMemory(memory, stage, 9e9)).not.toThrow();
  });

  it("names a crop and a batch that would fit", () => {
    const refuse = () => requireMemory(memory, stage, 3e9);
    expect(refuse).toThrow(lightsegError("INVALID_ARGUMENT", "train"));
    // A quarter of 8 GB is left: half the side, or a quarter of the photos.
    expect(refuse).toThrow(
      /needs about 9.00 GB, and 3.00 GB are left.*crops of 256x256, or a batch of 2 would fit/,
    );
  });

  it("what it names fits indeed", () => {
    const full = memoryOf(512);
    const available = full.fixed + full.varying / 3;
    const message = (() => {
      try {
        requireMemory(full, stageOf(512), available);
      } catch (error) {
        return String(error);
      }
      return "";
    })();
    const side = Number(/crops of (\d+)x/.exec(message)?.[1]);
    expect(side).toBeGreaterThanOrEqual(256);
    expect(() => requireMemory(memoryOf(side), stageOf(side), available)).not.toThrow();
  });

  it("says so when nothing would fit", () => {
    expect(() => requireMemory(memory, stage, 0.5e9)).toThrow(/smaller network/);
  });
});
