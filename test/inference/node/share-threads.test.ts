import { afterEach, describe, expect, it, vi } from "vitest";
import { countFittingNetworks, shareThreads } from "../../../src/inference/node/share-threads.ts";

const many = Number.POSITIVE_INFINITY;
afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes the machine's memory that of a container of this size. */
function confineTo(gigabytes: number): void {
  vi.spyOn(process, "constrainedMemory").mockReturnValue(gigabytes * 1e9);
}

describe("shareThreads", () => {
  it("gives one photo all threads", () => {
    confineTo(3.5);
    expect(shareThreads(1, 6)).toEqual({ concurrency: 1, threads: 6 });
  });

  it("divides them among networks for many photos: no more than photos, threads, room in memory", () => {
    confineTo(3.5);
    expect(countFittingNetworks()).toBe(3);
    expect(shareThreads(2, 6)).toEqual({ concurrency: 2, threads: 3 });
    expect(shareThreads(many, 7)).toEqual({ concurrency: 3, threads: 2 });
    expect(shareThreads(many, 2)).toEqual({ concurrency: 2, threads: 1 });
    expect(shareThreads(many, 1)).toEqual({ concurrency: 1, threads: 1 });
  });

  it("takes one network where memory is small, and where there are no photos", () => {
    confineTo(0.5);
    expect(shareThreads(many, 4)).toEqual({ concurrency: 1, threads: 4 });
    expect(shareThreads(0, 4)).toEqual({ concurrency: 1, threads: 4 });
  });
});
