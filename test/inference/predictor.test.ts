import { describe, expect, it, vi } from "vitest";
import { createPredictor, predictLabels } from "../../src/inference/predictor.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession } from "../../src/runtime/session.ts";
import { expectClose } from "../support/array.ts";
import { fakeSession } from "../support/fake-session.ts";
import { randomModel, testPhoto } from "../support/model.ts";

const model = randomModel();

/** Opens real sessions and counts those that were opened and freed. */
function countingOpen() {
  const counts = { opened: 0, freed: 0 };
  const open: OpenSession = async (bytes, options) => {
    counts.opened++;
    const session = await openNodeSession(bytes, options);
    return {
      run: (feeds, outputs) => session.run(feeds, outputs),
      state: () => session.state(),
      dispose: () => {
        counts.freed++;
        return session.dispose();
      },
    };
  };
  return { counts, open };
}

describe("createPredictor", () => {
  it("opens a session for the first photo's size and one for all others, and frees both", async () => {
    const { counts, open } = countingOpen();
    const predictor = createPredictor(model, { open, threads: 1 });
    const labels = predictLabels(predictor);
    expect(counts.opened).toBe(0);
    for (const [width, height, sessions] of [
      [40, 24, 1],
      [40, 24, 1],
      [24, 40, 2],
      [33, 17, 2],
      [40, 24, 2],
    ] as const) {
      const map = await labels(testPhoto(width, height));
      expect(map).toMatchObject({ width, height });
      expect(map.data.length).toBe(width * height);
      expect(counts.opened).toBe(sessions);
    }
    await predictor.dispose();
    expect(counts).toEqual({ opened: 2, freed: 2 });
  });

  it("tells the first run of each session", async () => {
    const predictor = createPredictor(model, { open: openNodeSession, threads: 1 });
    const first: boolean[] = [];
    for (const [width, height] of [
      [16, 8],
      [16, 8],
      [8, 16],
      [24, 16],
    ] as const)
      first.push(predictor.isFirstRun(await predictor.predict(testPhoto(width, height))));
    expect(first).toEqual([true, false, true, false]);
    await predictor.dispose();
  });

  it("gives the same for a photo, whether its size came first or not", async () => {
    const options = { open: openNodeSession, threads: 1 };
    const [fitted, general] = [createPredictor(model, options), createPredictor(model, options)];
    await general.predict(testPhoto(8, 8));
    const photo = testPhoto(64, 32);
    const [expected, actual] = [await fitted.predict(photo), await general.predict(photo)];
    expectClose(actual, expected, { tolerance: 1e-4 });
    expect(general.chooseLabels(actual, photo)).toEqual(fitted.chooseLabels(expected, photo));
    await Promise.all([fitted.dispose(), general.dispose()]);
  });

  it("opens one session for photos of one size that are asked for at once", async () => {
    const { counts, open } = countingOpen();
    const predictor = createPredictor(model, { open, threads: 1 });
    await Promise.all([1, 2, 3].map(() => predictor.predict(testPhoto(16, 16))));
    expect(counts.opened).toBe(1);
    await predictor.dispose();
  });

  it("refuses what is no photo, and has nothing to free then", async () => {
    const { counts, open } = countingOpen();
    const predictor = createPredictor(model, { open });
    const photo = { width: 2, height: 2, data: new Uint8Array(4) };
    await expect(predictor.predict(photo)).rejects.toMatchObject({ code: "INVALID_IMAGE" });
    await predictor.dispose();
    expect(counts).toEqual({ opened: 0, freed: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses scores of %s", async (value) => {
    const data = new Float32Array(11 * 4).fill(1);
    data[7] = value;
    const scores = { data, shape: [1, 11, 2, 2] };
    const open: OpenSession = async (bytes, sessionOptions) => {
      const session = await openNodeSession(bytes, sessionOptions);
      vi.spyOn(session, "run").mockResolvedValue({ scores });
      return session;
    };
    const predictor = createPredictor(model, { open });
    await expect(predictor.predict(testPhoto(8, 8))).rejects.toThrow(/predict: scores must be finite, got/);
    await predictor.dispose();
  });

  it("opens anew what could not be opened, and nothing once it is disposed of", async () => {
    let tries = 0;
    const open: OpenSession = async (bytes, sessionOptions) => {
      if (++tries === 1) throw new Error("no engine");
      return openNodeSession(bytes, sessionOptions);
    };
    const predictor = createPredictor(model, { open });
    await expect(predictor.predict(testPhoto(8, 8))).rejects.toThrow("no engine");
    expect((await predictor.predict(testPhoto(8, 8))).shape).toEqual([1, 11, 2, 2]);
    await predictor.dispose();
    await expect(predictor.predict(testPhoto(9, 9))).rejects.toThrow("predictor has been disposed of");
    expect(tries).toBe(2);
  });

  it("takes labels from a graphics card that has room for them, where they have the size", async () => {
    const asked: (readonly string[])[] = [];
    const run = (_feeds: unknown, outputs: readonly string[]) => {
      asked.push(outputs);
      return {
        scores: { data: new Float32Array(11), shape: [1, 11, 1, 1] },
        labels: { data: new Uint8Array(6).fill(5), shape: [1, 2, 3] },
      };
    };
    const open = Object.assign(async () => fakeSession(run), { provider: "webgpu" as const });
    const predictor = createPredictor(model, { open });
    const scores = await predictor.predict(testPhoto(3, 2));
    expect(predictor.chooseLabels(scores, { width: 3, height: 2 })).toEqual(new Uint8Array(6).fill(5));
    expect(predictor.chooseLabels(scores, { width: 2, height: 3 })).toEqual(new Uint8Array(6));
    // Scores of 11 classes at 1747 x 1747 take more than 2^27 bytes; at 1747 x 1746 they do not.
    for (const height of [1746, 1747]) {
      const other = createPredictor(model, { open });
      await other.predict({ width: 1747, height, data: new Uint8Array(3 * 1747 * height) });
    }
    expect(asked).toEqual([["scores", "labels"], ["scores", "labels"], ["scores"]]);
  });

  it("can be disposed of after the engine could not be opened", async () => {
    const open = async () => Promise.reject(new Error("no engine"));
    const predictor = createPredictor(model, { open });
    await expect(predictor.predict(testPhoto(8, 8))).rejects.toThrow("no engine");
    await predictor.dispose();
  });
});
