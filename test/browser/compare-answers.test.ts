import { beforeAll, describe, expect, it } from "vitest";
import { compareAnswers } from "../../src/browser/compare-answers.ts";
import type { PredictorOptions } from "../../src/inference/predictor.ts";
import type { Model } from "../../src/model-files/model.ts";
import { loadModel } from "../../src/model-files/node/load.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession, TensorData } from "../../src/runtime/session.ts";
import { fakeSession } from "../support/fake-session.ts";
import { mapRecord } from "../support/run-graph.ts";

const reference = { open: openNodeSession };

/** An engine that scales every score by a number. */
function scaled(factor: number): PredictorOptions {
  const open: OpenSession = async (model, options) => {
    const session = await openNodeSession(model, options);
    const scale = ({ data, shape }: TensorData) => ({
      data: Float32Array.from(data, (score) => factor * score),
      shape,
    });
    return {
      ...fakeSession(async (feeds, outputs) => mapRecord(await session.run(feeds, outputs), scale)),
      dispose: () => session.dispose(),
    };
  };
  return { open };
}

describe("compareAnswers", () => {
  let model: Model;

  beforeAll(async () => {
    model = await loadModel({ model: "camvid-ndnet45" });
  });

  it("accepts the same, and differences as rounding makes them", async () => {
    await compareAnswers(model, reference, reference);
    await compareAnswers(model, scaled(1.001), reference);
    await compareAnswers(model, { ...reference, dtype: "fp16" }, reference);
  });

  it("refuses scores that differ by more than 2 %", async () => {
    await expect(compareAnswers(model, scaled(1.05), reference)).rejects.toThrow(
      "engine must give the same as WebAssembly: scores differ by 5.0 %",
    );
  });

  it("refuses scores that are no numbers", async () => {
    await expect(compareAnswers(model, scaled(Number.NaN), reference)).rejects.toThrow(
      "scores must be finite, got NaN",
    );
  });
});
