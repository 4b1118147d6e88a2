import { describe, expect, it } from "vitest";
import { openConfidenceMeter } from "../../src/inference/class-confidence.ts";
import { describeNetwork } from "../../src/model-files/model.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";

const labels = {
  classes: ["left", "right"],
  palette: [
    [0, 0, 0],
    [255, 0, 0],
  ] as const,
};

describe("the confidence of each class", () => {
  // Logits of the second class: 2 and -2 at two places, resized to four pixels.
  it.each([
    // At 0, 1/3, 2/3 and 1: 2, 2/3, -2/3, -2.
    { alignCorners: true, pixels: [2, 2 / 3] },
    // At 0, 1/4, 3/4 and 1: 2, 1, -1, -2.
    { alignCorners: false, pixels: [2, 1] },
  ])("upsamples logits as the model says: alignCorners $alignCorners", async ({ alignCorners, pixels }) => {
    const description = { ...describeNetwork("refinenet-lw-mobilenet-v2", labels), alignCorners };
    const meter = await openConfidenceMeter(description, { open: openNodeSession, threads: 1 });
    const scores = { data: Float32Array.of(0, 0, 2, -2), shape: [1, 2, 1, 2] };
    const confidence = await meter.measure(scores, { width: 4, height: 1 });
    await meter.dispose();
    const mean = pixels.reduce((sum, logit) => sum + 1 / (1 + Math.exp(-logit)) / pixels.length, 0);
    expect(confidence[0]).toBeCloseTo(mean, 6);
    expect(confidence[1]).toBeCloseTo(mean, 6);
  });

  it("is 0 for a class that is nowhere best, and has the photo's size", async () => {
    const description = describeNetwork("refinenet-lw-mobilenet-v2", labels);
    const meter = await openConfidenceMeter(description, { open: openNodeSession, threads: 1 });
    // Logits of 0 and -2 everywhere.
    const scores = { data: Float32Array.of(0, -2), shape: [1, 2, 1, 1] };
    const found = [...(await meter.measure(scores, { width: 2, height: 3 }))];
    const pixels = await meter.measurePixels(scores, { width: 2, height: 3 });
    await meter.dispose();
    const sure = 1 / (1 + Math.exp(-2));
    expect(found.slice(0, 2)).toEqual([expect.closeTo(sure, 6), 0]);
    expect([...pixels.labels]).toEqual(Array(6).fill(0));
    expect([...pixels.confidence]).toEqual(Array(6).fill(expect.closeTo(sure, 6)));
  });
});
