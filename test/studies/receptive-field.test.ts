import { describe, expect, it } from "vitest";
import type { Photo } from "../../src/images/types.ts";
import { describePlainly } from "../../src/model-files/model.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { createRandom } from "../../src/random.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { regionOf } from "../../src/studies/field-map.ts";
import { studyReceptiveField } from "../../src/studies/receptive-field.ts";

const name = "refinenet-lw-mobile-96+mobilenet-v2";
const { parameters } = buildNetwork({ network: name, classes: 2 });
const model = { ...describePlainly(name, 2), weights: initialWeights(parameters, { seed: 1 }) };
const engine = { open: openNodeSession, threads: 1 };
const photos = {
  size: 3,
  async load(index: number): Promise<Photo> {
    const random = createRandom(index);
    return { width: 40, height: 50, data: Uint8Array.from({ length: 6000 }, () => 256 * random()) };
  },
};
const options = { photos, size: [32, 48], units: 2, top: 2, occluder: 4, step: 4 } as const;

describe("studyReceptiveField", () => {
  it("measures no further than a unit can see", async () => {
    const tasks = new Set<string>();
    const study = await studyReceptiveField(
      model,
      {
        ...options,
        at: "layer2",
        onProgress: ({ task, done, total }) => tasks.add(`${task} ${done}/${total}`),
      },
      engine,
    );
    // 3x3 with stride 2, 1x1, depthwise 3x3, 1x1: 3 + 2 x 2 = 7 pixels around 2 x place, from -3 to 3.
    expect(study.theoretical).toEqual({ rows: [13, 19], columns: [21, 27] });
    expect(study.map).toEqual([16, 16, 24]);
    expect([...tasks]).toEqual(expect.arrayContaining(["photos 3/3", "gradients 4/4"]));
    expect(study.effective.side).toBeGreaterThan(2);
    expect(study.effective.side).toBeLessThanOrEqual(7 + 1);
    // An occluder of 4 that touches the 7 pixels reaches 3 further on each side.
    expect(study.empirical.side).toBeGreaterThan(2);
    expect(study.empirical.side).toBeLessThanOrEqual(13 + 1);
    expect(study.units).toHaveLength(2);
    for (const { peaks } of study.units)
      for (const peak of peaks) {
        const region = regionOf(peak.discrepancy);
        const pixels = [...region.keys()].filter((pixel) => region[pixel] === 1);
        expect(pixels.length).toBeGreaterThan(0);
        for (const pixel of pixels) {
          expect(Math.abs(Math.floor(pixel / 48) - 2 * peak.row)).toBeLessThanOrEqual(3 + 3);
          expect(Math.abs((pixel % 48) - 2 * peak.column)).toBeLessThanOrEqual(3 + 3);
        }
      }
  });

  it("gives the same maps again, and stops where it is told to", async () => {
    const study = () => studyReceptiveField(model, { ...options, at: "layer3", units: 1, top: 1 }, engine);
    const [first, second] = [await study(), await study()];
    expect(first).toEqual(second);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(studyReceptiveField(model, { ...options, at: "layer3", signal }, engine)).rejects.toThrow(
      "enough",
    );
  });

  it.each([{ units: 0 }, { top: 1.5 }, { occluder: 33 }, { step: 0 }, { size: [16, 32] as const }])(
    "refuses %j",
    async (wrong) => {
      const running = studyReceptiveField(model, { ...options, at: "layer3", ...wrong }, engine);
      await expect(running).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );
});
