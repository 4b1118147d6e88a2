import { describe, expect, it } from "vitest";
import { dropout } from "../../../src/graph/ops/dropout.ts";
import { input } from "../../../src/graph/tensor.ts";
import { at, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp, engineGradients } from "../../support/gradient-check.ts";

const shape = [2, 3, 3, 5];
/** About every third value is dropped. */
const kept = Uint8Array.from({ length: 90 }, (_, index) => (index % 3 === 1 ? 0 : 1));
const feeds = { kept: { data: kept, shape } };

describe("dropout", () => {
  it.each([0, 0.25, 0.5])(
    "with rate %f drops values and their gradient, and enlarges the rest",
    async (rate) => {
      await checkOp({
        variables: { x: uniform(shape, { low: -2, high: 2 }) },
        apply: ({ x }) => dropout(x, input("kept", shape, "uint8"), { rate }),
        reference: ({ x }) => ({
          ...x,
          data: x.data.map((value, index) => (value * at(kept, index)) / (1 - rate)),
        }),
        feeds,
      });
    },
  );

  it("sends no gradient where nothing was kept", async () => {
    const { gradients } = await engineGradients({
      variables: { x: uniform(shape) },
      apply: ({ x }) => dropout(x, input("kept", shape, "uint8"), { rate: 0.5 }),
      feeds,
    });
    expect(Array.from(gradients.x.data, (dx) => dx !== 0)).toEqual(Array.from(kept, (keep) => keep === 1));
  });

  it("refuses masks of another shape or type, and a rate that leaves nothing", () => {
    const x = input("x", shape);
    const mask = input("kept", shape, "uint8");
    expect(() => dropout(x, input("kept", [2, 3, 3, 4], "uint8"), { rate: 0.5 })).toThrow(
      invalidGraph("dropout"),
    );
    expect(() => dropout(x, input("kept", shape), { rate: 0.5 })).toThrow(invalidGraph("dropout"));
    expect(() => dropout(x, mask, { rate: 1 })).toThrow(invalidGraph("dropout"));
    expect(() => dropout(x, mask, { rate: Number.NaN })).toThrow(invalidGraph("dropout"));
  });
});
