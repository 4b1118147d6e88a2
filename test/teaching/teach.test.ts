import { describe, expect, it } from "vitest";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { engineError } from "../../src/runtime/engine-error.ts";
import { teach } from "../../src/teaching/teach.ts";
import { samplesOf } from "../../src/training/samples.ts";
import { countingEngine } from "../support/counting-engine.ts";
import { failureOf } from "../support/errors.ts";
import { strokedLandscape } from "../support/landscape.ts";

describe("teach", () => {
  const network = "refinenet-lw-mobilenet-v2";
  const { parameters } = buildNetwork({ network, classes: 2 });
  const base = { network, weights: initialWeights(parameters, { seed: 0 }) };
  const { picture: photo, labels } = strokedLandscape(20);
  const samples = samplesOf([{ photo, labels }], async (sample) => sample);
  const options = { classes: [{ name: "sky" }, { name: "grass" }], samples };

  it("names the size that takes a quarter of the memory, where it is short", async () => {
    const open = () => Promise.reject(engineError("std::bad_alloc"));
    const error = await failureOf(teach(base, options, { open }));
    expect(error.message).toBe(
      "fineTune: memory must suffice: the engine failed: std::bad_alloc (longSide 64 takes a quarter of it)",
    );
  });

  it("frees what it holds where there is no memory for the previews", async () => {
    // The encoder's maps and the training come before.
    const { open, counts } = countingEngine(3);
    const previews = { previews: [photo], onPreview: () => undefined };
    const error = await failureOf(teach(base, { ...options, ...previews }, { open, threads: 1 }));
    expect(error.message).toContain("std::bad_alloc");
    expect(counts).toEqual({ opened: 3, held: 0 });
  });

  it("leaves other errors of the engine as they are", async () => {
    const open = () => Promise.reject(engineError("no kernel"));
    expect((await failureOf(teach(base, options, { open }))).message).toBe(
      "session: engine failed: no kernel",
    );
  });
});
