import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { Segmenter } from "../../src/inference/segmenter.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession } from "../../src/runtime/session.ts";
import {
  type SegmentFramesOptions,
  segmentFrames,
  type VideoFrameInput,
} from "../../src/video/segment-frames.ts";
import { lightsegError } from "../support/errors.ts";
import { fakeSession } from "../support/fake-session.ts";
import { randomModel, testPhoto } from "../support/model.ts";

const model = randomModel();
const classes = model.classes.length;

/** A frame whose brightness the scripted engine below takes for its scores. */
function grey(value: number, { timestamp = value, side = 4 } = {}): VideoFrameInput {
  return { timestamp, width: side, height: side, data: new Uint8Array(3 * side * side).fill(value) };
}

/** Scores of one cell: class 0 has 0, class 1 the photo's brightness less 100, all others less. */
const scriptedEngine: OpenSession = async () =>
  fakeSession(async ({ pixels }) => {
    await sleep(2);
    const value = (pixels?.data[0] ?? 0) - 100;
    const count = (pixels?.data.length ?? 0) / 3;
    const scores = new Float32Array(classes).fill(-200);
    scores.set([0, value]);
    return {
      labels: { data: new Uint8Array(count).fill(value > 0 ? 1 : 0), shape: [1, count] },
      scores: { data: scores, shape: [1, classes, 1, 1] },
    };
  });

const scripted = new Segmenter(model, { open: scriptedEngine, decodePhoto });

async function* give<T>(items: readonly T[], pause?: number) {
  for (const item of items) {
    if (pause !== undefined) await sleep(pause);
    yield item;
  }
}

async function labelsOf(
  frames: readonly VideoFrameInput[],
  options?: SegmentFramesOptions,
): Promise<number[]> {
  const labels: number[] = [];
  for await (const { segmentation } of segmentFrames(scripted, give(frames), options)) {
    expect(new Set(segmentation.labels).size).toBe(1);
    expect(segmentation.found).toMatchObject([{ label: segmentation.labels[0], share: 1 }]);
    labels.push(segmentation.labels[0] ?? 255);
  }
  return labels;
}

describe("segmentFrames", () => {
  const opened: Segmenter[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((segmenter) => segmenter.dispose())));

  it("gives every frame in order, with its own timestamp and the labels of segment()", async () => {
    const segmenter = new Segmenter(model, { open: openNodeSession, decodePhoto });
    opened.push(segmenter);
    const frames = [8, 16, 9, 8].map((side, index) => ({ ...testPhoto(side, side), timestamp: index / 25 }));
    let index = 0;
    for await (const { timestamp, frame, segmentation, dropped } of segmentFrames(segmenter, give(frames))) {
      expect(frame).toBe(frames[index]);
      expect([timestamp, dropped]).toEqual([index / 25, 0]);
      expect(segmentation.labels).toEqual((await segmenter.segment(frame)).labels);
      index++;
    }
    expect(index).toBe(4);
  });

  it("steadies labels by the moving average of the scores, and starts anew where the size changes", async () => {
    // Scores of class 1 against 0: 40, -20, -20, -20.
    const flicker = [grey(140), grey(80), grey(80), grey(80)];
    expect(await labelsOf(flicker)).toEqual([1, 0, 0, 0]);
    // 40, 10, -5, -12.5
    expect(await labelsOf(flicker, { smoothing: 0.5 })).toEqual([1, 1, 0, 0]);
    // 40, 28, 18.4, 10.72
    expect(await labelsOf(flicker, { smoothing: 0.8 })).toEqual([1, 1, 1, 1]);
    const resized = [grey(140), grey(80, { side: 5 }), grey(110, { side: 5 })];
    // 40; -20, 0.8 x -20 + 0.2 x 10 = -14
    expect(await labelsOf(resized, { smoothing: 0.8 })).toEqual([1, 0, 0]);
  });

  it("smooths at the size that the network saw, for frames of more than maxPixels", async () => {
    const small = new Segmenter(model, { open: openNodeSession, decodePhoto }, { maxPixels: 256 });
    opened.push(small);
    const frame = { ...testPhoto(40, 20), timestamp: 0 };
    const { labels, found } = await small.segment(frame);
    for await (const { segmentation } of segmentFrames(small, give([frame, frame]), { smoothing: 0.5 })) {
      expect(segmentation.labels).toEqual(labels);
      expect(segmentation.found).toEqual(found);
      expect(segmentation.scores).toBeUndefined();
    }
  });

  it("drops late frames of a live source but never the last, and counts them", async () => {
    const frames = Array.from({ length: 20 }, (_, index) => grey(index));
    const seen: number[] = [];
    let dropped = 0;
    for await (const result of segmentFrames(scripted, give(frames, 1), { dropLate: true })) {
      seen.push(result.timestamp);
      dropped += result.dropped;
      if (seen.length === 2) await sleep(50);
    }
    expect(dropped).toBeGreaterThan(0);
    expect(seen.length + dropped).toBe(20);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(19);
  });

  it("holds three frames at most, however slowly its results are used", async () => {
    let given = 0;
    async function* count() {
      for (; given < 30; given++) yield grey(given);
    }
    let used = 0;
    for await (const _ of segmentFrames(scripted, count())) {
      await sleep(5);
      used++;
      expect(given - used).toBeLessThanOrEqual(3);
    }
    expect(used).toBe(30);
  });

  it("gives the engine the next frame before it has the scores of the last, unless late ones are dropped", async () => {
    let [running, most] = [0, 0];
    const counting: OpenSession = async (...options) => {
      const { run, ...session } = await scriptedEngine(...options);
      return {
        ...session,
        async run(...request) {
          most = Math.max(most, ++running);
          const found = await run(...request);
          running--;
          return found;
        },
      };
    };
    const segmenter = new Segmenter(model, { open: counting, decodePhoto });
    opened.push(segmenter);
    const frames = [grey(140), grey(80), grey(140), grey(80)];
    const labels: (number | undefined)[] = [];
    for await (const { segmentation } of segmentFrames(segmenter, give(frames)))
      labels.push(segmentation.labels[0]);
    expect([labels, most]).toEqual([[1, 0, 1, 0], 2]);
    most = 0;
    for await (const _ of segmentFrames(segmenter, give(frames, 1), { dropLate: true })) await sleep(1);
    expect(most).toBe(1);
  });

  it.each([false, true])(
    "ends with the reason of its signal while it waits for a frame (dropLate %s)",
    async (dropLate) => {
      const controller = new AbortController();
      async function* stalled() {
        yield grey(0);
        await new Promise(() => undefined);
      }
      const results = segmentFrames(scripted, stalled(), { signal: controller.signal, dropLate });
      expect((await results.next()).value?.timestamp).toBe(0);
      setTimeout(() => controller.abort(new Error("enough")), 5);
      await expect(results.next()).rejects.toThrow("enough");
    },
  );

  it.each([-0.1, 1, Number.NaN])("refuses a smoothing of %d", (smoothing) => {
    expect(() => segmentFrames(scripted, give([grey(0)]), { smoothing })).toThrow(
      lightsegError("INVALID_ARGUMENT", "segmentFrames"),
    );
  });

  it("passes on what a frame makes the segmenter throw, after the results before it", async () => {
    const broken = { ...grey(1), width: 3 };
    const results = segmentFrames(scripted, give([grey(0), broken]));
    expect((await results.next()).value?.timestamp).toBe(0);
    await expect(results.next()).rejects.toMatchObject({ code: "INVALID_IMAGE" });
  });
});
