import { describe, expect, it } from "vitest";
import { Segmenter } from "../../../src/inference/node/node-segmenter.ts";
import { countFittingNetworks } from "../../../src/inference/node/share-threads.ts";
import { lightsegError } from "../../support/errors.ts";

describe("Segmenter.load", () => {
  it("opens as many networks as are asked for, on the CPU", async () => {
    await using segmenter = await Segmenter.load(undefined, { concurrency: 2, threads: 1, device: "cpu" });
    expect(segmenter.concurrency).toBe(2);
  });

  it("divides the threads among networks by itself", async () => {
    await using segmenter = await Segmenter.load(undefined, {
      concurrency: "auto",
      threads: 2,
      device: "cpu",
    });
    expect(segmenter.concurrency).toBe(Math.min(2, countFittingNetworks()));
  });

  it.each([{ threads: 0 }, { threads: Number.NaN }, { maxPixels: 1.5 }, { maxPixels: 0 }])(
    "refuses %o before it loads",
    async (options) => {
      await expect(Segmenter.load(undefined, options)).rejects.toThrow(
        lightsegError("INVALID_ARGUMENT", "Segmenter.load"),
      );
    },
  );

  it.each([0, 257, 1.5])("refuses %d of them", async (concurrency) => {
    await expect(Segmenter.load(undefined, { concurrency })).rejects.toThrow(
      lightsegError("INVALID_ARGUMENT", "Segmenter.load"),
    );
  });
});
