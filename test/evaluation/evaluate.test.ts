import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { evaluate } from "../../src/evaluation/evaluate.ts";

const labels = {
  classes: ["a", "b", "c"],
  palette: [
    [0, 0, 0],
    [1, 1, 1],
    [2, 2, 2],
  ],
  ignoreLabel: 255,
} as const;

/** Two photos of 4 x 1 pixels. */
function twoPhotos(truth: readonly number[][]): Dataset {
  return {
    name: "two",
    split: "val",
    labels,
    size: 2,
    ids: ["0", "1"],
    load: async (index) => ({
      id: String(index),
      photo: { width: 4, height: 1, data: new Uint8Array(12).fill(index) },
      labels: { width: 4, height: 1, data: Uint8Array.from(truth[index] ?? []) },
    }),
  };
}

describe("evaluate", () => {
  it("counts over all photos at once, leaves out ignored pixels and classes that are nowhere", async () => {
    const dataset = twoPhotos([
      [0, 0, 1, 255],
      [0, 1, 1, 1],
    ]);
    const steps: string[] = [];
    const result = await evaluate(dataset, {
      predict: async ({ data }) => ({
        width: 4,
        height: 1,
        data: Uint8Array.from(data[0] === 0 ? [0, 1, 1, 2] : [0, 1, 1, 0]),
      }),
      onProgress: (done, total) => steps.push(`${done}/${total}`),
    });
    // Class a: 2 right, 3 true, 3 predicted; class b: 3 right, 4 true, 4 predicted; class c: predicted at an
    // ignored pixel only.
    expect(result.iou).toEqual([2 / 4, 3 / 5, null]);
    expect(result.miou).toBeCloseTo((2 / 4 + 3 / 5) / 2);
    expect(result.pixelAccuracy).toBeCloseTo(5 / 7);
    expect(result.images).toBe(2);
    expect(result).not.toHaveProperty("calibration");
    expect(result).not.toHaveProperty("lowConfidence");
    expect(steps).toEqual(["1/2", "2/2"]);
  });

  it("measures calibration where the predictor tells its confidence", async () => {
    const dataset = twoPhotos([
      [0, 0, 0, 0],
      [1, 0, 0, 0],
    ]);
    const confidence = { data: Float32Array.of(0.75), rows: 1, columns: 1 };
    const predict = async () => ({ width: 4, height: 1, data: new Uint8Array(4), confidence });
    // The first pixel of each photo is looked at: one of two is right.
    const result = await evaluate(dataset, { predict });
    expect(result.calibration?.error).toBe(0.25);
    expect(result.lowConfidence).toBe(0.75);
  });

  it("hands out each prediction, and measures outlines where that is asked for", async () => {
    const dataset = twoPhotos([
      [0, 0, 1, 1],
      [2, 2, 0, 0],
    ]);
    const predict = async ({ data }: { data: Uint8Array }) => ({
      width: 4,
      height: 1,
      data: Uint8Array.from(data[0] === 0 ? [0, 0, 1, 1] : [2, 0, 0, 0]),
    });
    const kept: [string, number[]][] = [];
    const onPrediction = async (id: string, { data }: { data: Uint8Array }) => {
      kept.push([id, [...data]]);
    };
    const result = await evaluate(dataset, { predict, onPrediction, boundary: { tolerance: 0 } });
    expect(kept).toEqual([
      ["0", [0, 0, 1, 1]],
      ["1", [2, 0, 0, 0]],
    ]);
    expect([...result.confusion.counts]).toEqual([4, 0, 0, 0, 2, 0, 1, 0, 1]);
    // Right in the first photo; one pixel off in the second, which is more than the tolerance.
    expect(result.boundary?.score).toEqual([0.5, 1, 0]);
    const wide = await evaluate(dataset, { predict, boundary: { tolerance: 0.25 } });
    expect(wide.boundary?.score).toEqual([1, 1, 1]);
    expect(await evaluate(dataset, { predict })).not.toHaveProperty("boundary");
  });

  it("waits for what is done with a prediction before it goes on", async () => {
    const steps: string[] = [];
    await evaluate(twoPhotos([Array(4).fill(0), Array(4).fill(0)]), {
      predict: async () => ({ width: 4, height: 1, data: new Uint8Array(4) }),
      async onPrediction(id) {
        await setImmediate();
        steps.push(`kept ${id}`);
      },
      onProgress: (done) => steps.push(`done ${done}`),
    });
    expect(steps).toEqual(["kept 0", "done 1", "kept 1", "done 2"]);
  });

  it.each([1, 3])("predicts %d photos at once beside the one it waits for", async (concurrency) => {
    let [running, most] = [0, 0];
    const predict = async () => {
      running++;
      most = Math.max(most, running);
      await setImmediate();
      running--;
      return { width: 4, height: 1, data: new Uint8Array(4) };
    };
    const photos = twoPhotos([Array(4).fill(0)]);
    await evaluate({ ...photos, size: 9, load: () => photos.load(0) }, { predict, concurrency });
    expect(most).toBe(concurrency + 1);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %d photos at once", async (concurrency) => {
    const predict = async () => ({ width: 4, height: 1, data: new Uint8Array(4) });
    await expect(evaluate(twoPhotos([[], []]), { predict, concurrency })).rejects.toThrow(
      "concurrency must be a whole number of at least 1",
    );
  });

  it("stops between photos when it is told to", async () => {
    const controller = new AbortController();
    const predict = async () => {
      controller.abort(new Error("enough"));
      return { width: 4, height: 1, data: new Uint8Array(4) };
    };
    await expect(
      evaluate(
        twoPhotos([
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ]),
        { predict, signal: controller.signal },
      ),
    ).rejects.toThrow("enough");
  });

  it("passes on the error of a photo that cannot be read", async () => {
    const dataset = { ...twoPhotos([]), load: async () => Promise.reject(new Error("unreadable")) };
    await expect(
      evaluate(dataset, { predict: async () => ({ width: 1, height: 1, data: new Uint8Array(1) }) }),
    ).rejects.toThrow("unreadable");
  });
});
