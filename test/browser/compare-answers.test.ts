import { beforeAll, describe, expect, it } from "vitest";
import { compareAnswers } from "../../src/browser/compare-answers.ts";
import { loadModel } from "../../src/inference/load-model.ts";
import type { Model } from "../../src/models/model.ts";
import { openNodeSession } from "../../src/runtime/node.ts";
import type { OpenSession, TensorData } from "../../src/runtime/session.ts";

/** An engine whose outputs are changed before anyone sees them. */
function faulty(change: (name: string, value: TensorData) => TensorData): OpenSession {
  return async (model, options) => {
    const session = await openNodeSession(model, options);
    return {
      run: async (feeds) => {
        const outputs = Object.entries(await session.run(feeds));
        return Object.fromEntries(outputs.map(([name, value]) => [name, change(name, value)]));
      },
      state: () => session.state(),
      dispose: () => session.dispose(),
    };
  };
}

/** Scales every score by a number. */
function scaled(factor: number): OpenSession {
  return faulty((name, { data, dims }) =>
    name === "scores" ? { data: Float32Array.from(data, (score) => factor * score), dims } : { data, dims },
  );
}

describe("compareAnswers", () => {
  let model: Model;

  beforeAll(async () => {
    model = await loadModel({ model: "camvid-ndnet45" });
  });

  it("accepts the same, and differences as rounding makes them", async () => {
    await compareAnswers(model, openNodeSession, openNodeSession);
    await compareAnswers(model, scaled(1.001), openNodeSession);
  });

  it("refuses scores that differ by more than 2 %", async () => {
    await expect(compareAnswers(model, scaled(1.05), openNodeSession)).rejects.toThrow(
      "engine must give the same as WebAssembly: scores differ by 5.0 %, 0 of 3072 labels differ",
    );
  });

  it("refuses scores that are no numbers", async () => {
    await expect(compareAnswers(model, scaled(Number.NaN), openNodeSession)).rejects.toThrow(
      "differ by NaN %",
    );
  });

  it("refuses labels that are wrong where scores are right", async () => {
    const swapped = faulty((name, { data, dims }) =>
      name === "labels" ? { data: Uint8Array.from(data, (label) => label + 1), dims } : { data, dims },
    );
    await expect(compareAnswers(model, swapped, openNodeSession)).rejects.toThrow(
      "scores differ by 0.0 %, 3072 of 3072 labels differ",
    );
  });
});
