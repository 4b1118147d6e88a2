import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fitBudget } from "../../src/inference/budget.ts";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import type { OpenSession } from "../../src/runtime/session.ts";
import { randomModel } from "../support/model.ts";

const model = randomModel();

describe("fitBudget", () => {
  let clock = 0;
  let open = 0;

  /** Takes 5 ms, and 1 ms for each 1,000 pixels; on the first run of a session 100 ms more. */
  const engine: OpenSession = async () => {
    open++;
    let isFirst = true;
    return {
      async run(feeds, outputs) {
        const [, height = 0, width = 0] = feeds.pixels?.shape ?? [];
        clock += 5 + (height * width) / 1000 + (isFirst ? 100 : 0);
        isFirst = false;
        const shape = [1, model.classes.length, 1, 1];
        const scores = { data: new Float32Array(model.classes.length), shape };
        return Object.assign({}, ...outputs.map((name) => ({ [name]: scores })));
      },
      state: async () => ({}),
      async dispose() {
        open--;
      },
    };
  };

  beforeEach(() => {
    clock = 0;
    vi.spyOn(performance, "now").mockImplementation(() => clock);
  });
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    // (30 - 5) * 1,000 pixels.
    [
      30,
      undefined,
      25_000,
      "to keep the budget of 30 ms, the network sees photos at most as large as 158x158",
    ],
    [30, 10_000, 10_000, "100x100, which takes about 15 ms"],
    [
      6,
      undefined,
      4096,
      "the budget of 6 ms cannot be kept here: the network sees photos at most as large as 64x64",
    ],
    [60_000, undefined, 2048 * 2048, "2048x2048"],
  ])("chooses the pixels for %d ms, at most %s", async (budget, maxPixels, pixels, note) => {
    const fitted = await fitBudget(model, { open: engine }, { budget, maxPixels });
    expect(Math.abs((fitted?.maxPixels ?? 0) - pixels)).toBeLessThanOrEqual(1);
    expect(fitted?.note).toContain(note);
    expect(open).toBe(0);
  });

  it("opens nothing without a budget, and refuses one out of range", async () => {
    expect(await fitBudget(model, { open: () => Promise.reject(new Error("opened")) }, {})).toBeUndefined();
    await expect(fitBudget(model, { open: engine }, { budget: 0 })).rejects.toThrow(
      "budget must be a whole number from 1 to 60000, got 0",
    );
  });
});

it("a segmenter with a budget says what it chose, and keeps the size of labels", async () => {
  const notes: string[] = [];
  const onNote = (text: string) => void notes.push(text);
  await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "cpu", budget: 1, onNote });
  expect(notes.join()).toContain("the budget of 1 ms");
  const photo = { width: 1200, height: 800, data: new Uint8Array(3 * 1200 * 800) };
  const { networkSize, labels } = await segmenter.segment(photo);
  expect(networkSize.width * networkSize.height).toBeLessThan(1200 * 800);
  expect(labels.length).toBe(1200 * 800);
});
