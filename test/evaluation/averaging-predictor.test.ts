import { describe, expect, it } from "vitest";
import { createAveragingPredictor } from "../../src/evaluation/averaging-predictor.ts";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { resizePhoto } from "../../src/images/resample.ts";
import { createPredictor, predictWithConfidence } from "../../src/inference/predictor.ts";
import { loadModel } from "../../src/model-files/node/load.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession, TensorData } from "../../src/runtime/session.ts";
import { fakeSession } from "../support/fake-session.ts";
import { randomModel, testPhoto } from "../support/model.ts";

describe("createAveragingPredictor", { timeout: 300_000 }, () => {
  it("agrees with the plain predictor on one view, and nearly so on several", async () => {
    const model = await loadModel({ model: "camvid" });
    const photo = resizePhoto(await decodePhoto("examples/coffee.jpg"), 180, 120);
    const plain = createPredictor(model, { open: openNodeSession, threads: 1 });
    const expected = await predictWithConfidence(plain)(photo);
    await plain.dispose();
    expect(new Set(expected.data).size).toBeGreaterThan(3);

    const confidences: number[][] = [];
    const share = async (options: object) => {
      const predictor = await createAveragingPredictor(model, {
        open: openNodeSession,
        threads: 1,
        ...options,
      });
      const { data, confidence } = await predictor.predict(photo);
      await predictor.dispose();
      confidences.push([...(confidence?.data ?? [])]);
      return data.filter((value, pixel) => value === expected.data[pixel]).length / data.length;
    };
    // Rounding alone may decide between classes that are equally likely.
    expect(await share({})).toBeGreaterThan(0.999);
    expect(confidences[0]).toHaveLength(45 * 30);
    for (const [at, value] of (expected.confidence?.data ?? []).entries())
      expect(Math.abs((confidences[0]?.[at] ?? 0) - value)).toBeLessThan(1e-4);
    const others = await share({ scales: [1, 1.25], flip: true, window: [100, 120], upsampling: "bicubic" });
    expect(others).toBeGreaterThan(0.5);
    expect(others).toBeLessThan(1);
  });

  it("fills up small photos with what the network sees as 0", async () => {
    const model = randomModel();
    let input: TensorData | undefined;
    const open: OpenSession = async () =>
      fakeSession(({ pixels }) => {
        input = pixels;
        return {
          scores: { data: new Float32Array(model.classes.length), shape: [1, model.classes.length, 1, 1] },
        };
      });
    const predictor = await createAveragingPredictor(model, { open, window: [2, 3] });
    expect(await predictor.predict(testPhoto(2, 1))).toMatchObject({
      width: 2,
      height: 1,
      data: new Uint8Array(2),
    });
    expect(input?.shape).toEqual([1, 2, 3, 3]);
    // Column 2 and row 1 are added, in ImageNet's mean color.
    for (const place of [2, 3, 4, 5])
      expect([...(input?.data.subarray(3 * place, 3 * place + 3) ?? [])]).toEqual([124, 116, 104]);
  });

  it("refuses wrong options before it builds anything", async () => {
    const open: OpenSession = () => Promise.reject(new Error("was opened"));
    await expect(createAveragingPredictor(randomModel(), { open, scales: [] })).rejects.toThrow(
      "scales must not be empty",
    );
  });
});
