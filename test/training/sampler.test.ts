import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { batchIndices, epochOrder, stepsPerEpoch } from "../../src/training/sampler.ts";

describe("epochOrder", () => {
  it("depends on seed and epoch alone", () => {
    expect(epochOrder(20, 1, 0)).toEqual(epochOrder(20, 1, 0));
    expect(epochOrder(20, 1, 0)).not.toEqual(epochOrder(20, 1, 1));
    expect(epochOrder(20, 1, 0)).not.toEqual(epochOrder(20, 2, 0));
  });
});

describe("batchIndices", () => {
  it("counts epochs and drops the incomplete last batch", () => {
    const request = { size: 7, batch: 3, seed: 5 };
    expect(stepsPerEpoch(7, 3)).toBe(2);
    expect(batchIndices({ ...request, step: 1 })).toEqual({
      epoch: 0,
      indices: epochOrder(7, 5, 0).slice(3, 6),
    });
    expect(batchIndices({ ...request, step: 2 })).toEqual({
      epoch: 1,
      indices: epochOrder(7, 5, 1).slice(0, 3),
    });
  });

  it("visits a sample at most once an epoch, and all but size mod batch", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.nat(40),
        fc.nat(),
        fc.nat(5),
        (batch, more, seed, epoch) => {
          const size = batch + more;
          const steps = stepsPerEpoch(size, batch);
          const batches = Array.from({ length: steps }, (_, i) =>
            batchIndices({ size, batch, seed, step: epoch * steps + i }),
          );
          expect(batches.every((each) => each.epoch === epoch && each.indices.length === batch)).toBe(true);
          const seen = batches.flatMap((each) => each.indices);
          expect(new Set(seen).size).toBe(size - (size % batch));
          expect(seen.every((index) => index >= 0 && index < size)).toBe(true);
        },
      ),
    );
  });

  it("refuses a batch larger than the data set, with a hint", () => {
    const run = () => batchIndices({ size: 3, batch: 4, seed: 0, step: 0 });
    expect(run).toThrow(LightsegError);
    expect(run).toThrow(/batch must not exceed the number of samples, 3, got 4 \(use a smaller batch/);
  });

  it.each([
    { size: 0, batch: 1, seed: 0, step: 0 },
    { size: 4, batch: 0, seed: 0, step: 0 },
    { size: 4, batch: 1.5, seed: 0, step: 0 },
    { size: 4, batch: 2, seed: 0, step: -1 },
    { size: 4, batch: 2, seed: 0, step: Number.NaN },
  ])("refuses %o", (request) => {
    expect(() => batchIndices(request)).toThrow(LightsegError);
  });
});
