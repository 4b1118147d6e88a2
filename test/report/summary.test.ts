import { describe, expect, it } from "vitest";
import { summarizeRun } from "../../src/report/summary.ts";
import { runOf, validationOf } from "./run-files.ts";

describe("summarizeRun", () => {
  it("adds up steps and epochs of all stages, and picks the best and the last validation", () => {
    const run = runOf({
      config: { stages: [{ epochs: 2 }, { epochs: 3 }] },
      losses: [4, 3, 2],
      epochSteps: 2,
      validations: [validationOf(1, { a: 0.5 }), validationOf(2, { a: 0.5 }), validationOf(3, { a: 0.25 })],
    });
    expect(summarizeRun(run)).toEqual({
      run: "/runs/a",
      network: "ndnet29-fcn32",
      dataset: "camvid",
      state: "running",
      step: 3,
      // Steps 1 and 2 are the first epoch, step 3 begins the second.
      epoch: 2,
      epochs: 5,
      best: { step: 1, miou: 0.5 },
      last: { step: 3, miou: 0.25 },
      seconds: 1.5,
      parameters: null,
    });
  });

  it("knows nothing of a run that has not begun", () => {
    expect(summarizeRun(runOf())).toMatchObject({ step: 0, epoch: 0, best: null, last: null, seconds: 0 });
  });
});
