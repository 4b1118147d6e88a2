import { describe, expect, it } from "vitest";
import { keepHardPixels } from "../../../src/graph/ops/ohem.ts";
import { input } from "../../../src/graph/tensor.ts";
import { floats, ints, runGraph } from "../../support/run-graph.ts";

/** Two classes in a row of pixels: class 1 has score 0, class 0 the given one. */
async function keep(scores: readonly number[], target: readonly number[], share: number): Promise<number[]> {
  const width = scores.length;
  const kept = keepHardPixels(input("scores", [1, 2, 1, width]), input("target", [1, 1, width], "int32"), {
    share,
  });
  const zeros = scores.map(() => 0);
  const { kept: result } = await runGraph(
    { kept },
    { scores: floats([...scores, ...zeros], [1, 2, 1, width]), target: ints(target, [1, 1, width]) },
  );
  return Array.from(result.data);
}

describe("keepHardPixels", () => {
  it("keeps the pixels whose true class is the least likely", async () => {
    // The higher the score of class 0, the easier a pixel of class 0 and the harder one of class 1.
    expect(await keep([3, 1, 2, 0], [0, 0, 0, 0], 0.5)).toEqual([-1, 0, -1, 0]);
    expect(await keep([3, 1, 2, 0], [1, 1, 1, 1], 0.25)).toEqual([1, -1, -1, -1]);
  });

  it("takes the share of the labelled pixels, rounded up, and never keeps ignored ones among them", async () => {
    // 3 labelled pixels, 40 % of them: 2.
    expect(await keep([3, 1, -9, 2, -9], [0, 0, 255, 0, 255], 0.4)).toEqual([-1, 0, -1, 0, -1]);
  });

  it("keeps all that are equally hard", async () => {
    expect(await keep([1, 1, 1, 5], [0, 0, 0, 0], 0.25)).toEqual([0, 0, 0, -1]);
  });

  it.each([0, 1.5, Number.NaN])("refuses a share of %d", (share) => {
    const target = input("target", [1, 1, 4], "int32");
    expect(() => keepHardPixels(input("scores", [1, 2, 1, 4]), target, { share })).toThrow(
      /share must be above 0/,
    );
  });

  it("refuses a target of another size than the scores", () => {
    const target = input("target", [1, 8, 8], "int32");
    expect(() => keepHardPixels(input("scores", [1, 2, 4, 4]), target, { share: 1 })).toThrow(
      'keepHardPixels: target must be of the scores\' size, got "[1, 8, 8]"',
    );
  });

  it("leaves a target without labels without labels", async () => {
    expect((await keep([1, 2], [255, 255], 0.5)).every((label) => label < 0 || label > 1)).toBe(true);
  });
});
