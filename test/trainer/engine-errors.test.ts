import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/runs/checkpoint.ts";
import { engineError } from "../../src/runtime/engine-error.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession, Session } from "../../src/runtime/session.ts";
import { train } from "../../src/trainer/train.ts";
import type { TrainingOptions } from "../../src/training/config.ts";
import { writeCamvid } from "../support/camvid.ts";
import { failureOf } from "../support/errors.ts";

let folder = "";
const file = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-engine-errors-"));
  await writeCamvid(file("data"), (pixel, photo) => (Math.floor((pixel % 64) / 8) + photo) % 12);
});
afterAll(() => rm(folder, { recursive: true }));

const config = (): TrainingOptions => ({
  ...{ network: "ndnet29-fcn32", dataset: "camvid", data: file("data"), batch: 4, crop: [64, 64] },
  ...{ epochs: 2, validateEvery: 2, saveEvery: 1, threads: 1, weights: "none" },
});

/** The CPU's engine, which fails at a step with what another one says. */
function failing(atStep: number, message: string): OpenSession {
  return async (model, options) => {
    const session = await openNodeSession(model, options);
    let steps = 0;
    const run: Session["run"] = (feeds, outputs, handOver) => {
      if ("target" in feeds && ++steps === atStep) throw engineError(message);
      return session.run(feeds, outputs, handOver);
    };
    return { run, state: () => session.state(), dispose: () => session.dispose() };
  };
}

describe("an engine that fails in the middle of a run", () => {
  it("keeps the checkpoint where the device is lost, and the run goes on from it", async () => {
    const open = failing(3, "Failed to download data from buffer: Device is lost");
    const { code, message } = await failureOf(train({ run: file("lost"), config: config(), open }));
    expect(code).toBe("DEVICE_LOST");
    expect(message).toContain("the graphics card or its driver was reset");
    expect(message).toContain(`${file("lost", "last.safetensors")} has step 2, from which --resume goes on`);
    expect((await readCheckpoint(file("lost", "last.safetensors"))).step).toBe(2);
    const resumed = await train({ run: file("lost"), config: {}, resume: true, open: openNodeSession });
    expect(resumed).toMatchObject({ step: 4, finished: true });
  });

  it("names a crop and a batch where memory is short", async () => {
    const open = failing(1, "Out of memory: failed to allocate a buffer of 1 GB");
    const { code, message } = await failureOf(train({ run: file("full"), config: config(), open }));
    expect(code).toBe("RUNTIME");
    expect(message).toMatch(/^train: crop must fit into the memory of the device: a step needs about \d/);
    expect(message).toContain('got "64x64, batch 4" (crops of 32x32 or a batch of 2 takes half of that)');
  });
});
