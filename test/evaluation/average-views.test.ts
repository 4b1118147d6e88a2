import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  averageViews,
  checkViews,
  type ScoringNetwork,
  type ViewOptions,
} from "../../src/evaluation/average-views.ts";
import type { ScoreMap } from "../../src/evaluation/probability-sum.ts";
import type { Photo } from "../../src/images/types.ts";
import { testPhoto } from "../support/model.ts";

function fakeNetwork(score: (photo: Photo) => ScoreMap): ScoringNetwork {
  return { score: async (photo) => score(photo), classes: 3, alignCorners: true, fill: [10, 20, 30] };
}

function label(photo: Photo, score: (photo: Photo) => ScoreMap, options: ViewOptions) {
  return averageViews(photo, fakeNetwork(score), checkViews(options));
}

/** Scores at the photo's size: the channels are the classes. */
function scorePixels({ width, height, data }: Photo): ScoreMap {
  const pixels = width * height;
  const scores = Float32Array.from(
    { length: 3 * pixels },
    (_, i) => data[(i % pixels) * 3 + Math.floor(i / pixels)] ?? 0,
  );
  return { data: scores, width, height };
}

/** A single cell of scores: class 0 of this probability, class 1 of the rest. */
function certainty(probability: number): ScoreMap {
  return {
    data: Float32Array.of(Math.log(probability), Math.log(1 - probability), -100),
    width: 1,
    height: 1,
  };
}

describe("averageViews", () => {
  it("shows the network each scale, mirrored too, in windows", async () => {
    const seen: string[] = [];
    const score = ({ width, height }: Photo) => {
      seen.push(`${height}x${width}`);
      return certainty(0.5);
    };
    await label(testPhoto(10, 6), score, { scales: [0.5, 1, 1.5], flip: true });
    expect(seen).toEqual(["3x5", "3x5", "6x10", "6x10", "9x15", "9x15"]);
    seen.length = 0;
    await label(testPhoto(3, 3), score, { scales: [0.5, 0.1] });
    // To the nearest whole number, and at least one pixel.
    expect(seen).toEqual(["2x2", "1x1"]);
    seen.length = 0;
    // Columns 0, 3, 6 of 10, two thirds of 4 rounded up apart; rows 0 and 1 of 6.
    await label(testPhoto(10, 6), score, { window: [5, 4] });
    expect(seen).toEqual(Array(6).fill("5x4"));
  });

  it("shows what lies in each window, from left to right and from top to bottom", async () => {
    const seen: number[][] = [];
    const score = ({ data }: Photo) => {
      seen.push(Array.from({ length: data.length / 3 }, (_, pixel) => data[3 * pixel] ?? 0));
      return certainty(0.5);
    };
    const data = Uint8Array.from({ length: 27 }, (_, i) => Math.floor(i / 3));
    await label({ width: 3, height: 3, data }, score, { window: [2, 2], stride: [1, 2], flip: true });
    expect(seen).toEqual([
      [0, 1, 3, 4],
      [1, 2, 4, 5],
      [3, 4, 6, 7],
      [4, 5, 7, 8],
      [1, 0, 4, 3],
      [2, 1, 5, 4],
      [4, 3, 7, 6],
      [5, 4, 8, 7],
    ]);
  });

  it("gives every pixel its own label, whatever the windows, with a network that looks at single pixels", async () => {
    const side = fc.integer({ min: 1, max: 12 });
    const axis = side.chain((window) => fc.tuple(fc.constant(window), fc.integer({ min: 1, max: window })));
    const check = async (options: ViewOptions, width: number, height: number) => {
      const photo = testPhoto(width, height);
      const expected = Uint8Array.from({ length: width * height }, (_, pixel) => {
        const color = photo.data.subarray(3 * pixel, 3 * pixel + 3);
        return color.indexOf(Math.max(...color));
      });
      expect(await label(photo, scorePixels, options)).toMatchObject({ width, height, data: expected });
    };
    const upsampling = fc.constantFrom("bilinear" as const, "bicubic" as const);
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        axis,
        axis,
        fc.boolean(),
        upsampling,
        async (width, height, rows, columns, flip, kind) => {
          const window = [rows[0], columns[0]] as const;
          const stride = [rows[1], columns[1]] as const;
          await check({ flip, window, stride, upsampling: kind }, width, height);
        },
      ),
    );
  });

  it("finds the same place again at every scale", async () => {
    // Left half red, right half blue, top green: three areas with outlines at known places.
    const [width, height] = [40, 30];
    const area = (i: number) => (Math.floor(i / width) < 10 ? 1 : i % width < 24 ? 0 : 2);
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) =>
      area(Math.floor(i / 3)) === i % 3 ? 200 : 0,
    );
    const expected = Uint8Array.from({ length: width * height }, (_, i) => area(i));
    for (const window of [undefined, [16, 20] as const]) {
      for (const scales of [[2], [0.5], [0.5, 1, 1.5, 2]]) {
        const options = { scales, flip: true, ...(window && { window }) };
        expect((await label({ width, height, data }, scorePixels, options)).data).toEqual(expected);
      }
    }
  });

  it("takes the mean of probabilities, not of scores", async () => {
    const photo = testPhoto(4, 4);
    // Class 0: once 0.9999, twice 0.2. Its mean is 0.47; the mean of its scores would be in its favour.
    const score = ({ width }: Photo) => certainty(width === 4 ? 0.9999 : 0.2);
    const { data } = await label(photo, score, { scales: [1, 2, 3] });
    expect([...data]).toEqual(Array(16).fill(1));
    const twice = await label(photo, score, { scales: [1, 2] });
    expect([...twice.data]).toEqual(Array(16).fill(0));
  });

  it("lays bicubic scores edge on edge, also where the network aligns corners", async () => {
    // 1 and 0 for class 0, 0.8 for class 1. With Keys' kernel class 0 has 0.90 at pixel 2, which lies 1/8
    // from the first score, and 0.64 at pixel 3.
    const score = () => ({ data: Float32Array.of(1, 0, 0.8, 0.8, 0, 0), width: 2, height: 1 });
    const { data } = await label(testPhoto(8, 1), score, { upsampling: "bicubic" });
    expect([...data]).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    // Corner on corner: 1 - 1/7 at pixel 1, 1 - 2/7 at pixel 2.
    expect([...(await label(testPhoto(8, 1), score, {})).data]).toEqual([0, 0, 1, 1, 1, 1, 1, 1]);
  });

  it("refuses a photo with too few bytes", async () => {
    const photo = { width: 2, height: 2, data: new Uint8Array(11) };
    await expect(label(photo, scorePixels, {})).rejects.toThrow(/averageViews: photo/);
  });

  it("mirrors back what it found in the mirrored photo", async () => {
    // 0.6 for class 0 on the left and class 2 on the right, 0.4 for class 1. With the mirrored view: 0.3,
    // 0.4, 0.3.
    const score = ({ width, height }: Photo) => {
      const [sure, other] = [Math.log(0.6), Math.log(0.4)];
      const left = [sure, sure, other, other];
      const data = Float32Array.of(
        sure,
        sure,
        -100,
        -100,
        other,
        other,
        other,
        other,
        -100,
        -100,
        sure,
        sure,
      );
      expect({ width, height, half: left.length / 2 }).toEqual({ width: 4, height: 1, half: 2 });
      return { data, width, height };
    };
    const photo = testPhoto(4, 1);
    expect([...(await label(photo, score, {})).data]).toEqual([0, 0, 2, 2]);
    expect([...(await label(photo, score, { flip: true })).data]).toEqual([1, 1, 1, 1]);
  });

  it("fills up windows larger than the photo, and labels the photo alone", async () => {
    const seen: number[][] = [];
    const score = (photo: Photo) => {
      seen.push([...photo.data]);
      return scorePixels(photo);
    };
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
    const fill = [10, 20, 30];
    const labels = await label({ width: 2, height: 1, data }, score, { window: [2, 3], flip: true });
    expect(labels).toMatchObject({ width: 2, height: 1, data: Uint8Array.of(2, 2) });
    expect(seen).toEqual([
      [1, 2, 3, 4, 5, 6, ...fill, ...fill, ...fill, ...fill],
      [...fill, 4, 5, 6, 1, 2, 3, ...fill, ...fill, ...fill],
    ]);
  });

  it("stops between two views when it is told to", async () => {
    const controller = new AbortController();
    let views = 0;
    const network = fakeNetwork(() => {
      views += 1;
      controller.abort(new Error("enough"));
      return certainty(0.5);
    });
    const options = { ...checkViews({ flip: true }), signal: controller.signal };
    await expect(averageViews(testPhoto(4, 4), network, options)).rejects.toThrow("enough");
    expect(views).toBe(1);
  });
});

describe("checkViews", () => {
  it("has windows overlap by a third, and looks once at the whole photo by default", () => {
    expect(checkViews({})).toEqual({
      scales: [1],
      flip: false,
      rows: {},
      columns: {},
      upsampling: "bilinear",
    });
    expect(checkViews({ window: [300, 100] })).toMatchObject({
      rows: { window: 300, stride: 200 },
      columns: { window: 100, stride: 67 },
    });
  });

  it("takes the smallest and the largest scale", () => {
    expect(checkViews({ scales: [0.1, 8] }).scales).toEqual([0.1, 8]);
  });

  it.each<[ViewOptions, RegExp]>([
    [{ scales: [] }, /scales must not be empty/],
    [{ scales: [1, 0] }, /scales must be from 0.1 to 8, got 0/],
    [{ scales: [8.1] }, /scales must be from 0.1 to 8, got 8.1/],
    [{ scales: [Number.NaN] }, /scales must be from 0.1 to 8, got NaN/],
    [{ window: [0, 5] }, /window must be a whole number of at least 1, got 0/],
    [{ window: [5, 5], stride: [5, 6] }, /stride must be a whole number from 1 to 5, got 6/],
    [{ stride: [5, 5] }, /stride needs a window/],
  ])("refuses %o", (options, message) => {
    expect(() => checkViews(options)).toThrow(message);
  });
});
