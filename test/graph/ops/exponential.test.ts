import { describe, it } from "vitest";
import { multiply } from "../../../src/graph/ops/elementwise.ts";
import { exp, log } from "../../../src/graph/ops/exponential.ts";
import { uniform } from "../../support/array.ts";
import { checkOp } from "../../support/gradient-check.ts";

describe("exp and log", () => {
  it("of many values", async () => {
    await checkOp({
      variables: { x: uniform([2, 3, 5], { low: -10, high: 3 }) },
      apply: ({ x }) => exp(x),
      reference: ({ x }) => ({ ...x, data: x.data.map(Math.exp) }),
    });
    await checkOp({
      variables: { x: uniform([2, 3, 5], { low: 0.01, high: 20 }) },
      apply: ({ x }) => log(x),
      reference: ({ x }) => ({ ...x, data: x.data.map(Math.log) }),
    });
  });

  it("hand the gradient on to each other", async () => {
    const [x, scale] = [uniform([3, 4], { low: 0.5, high: 3 }), uniform([4], { seed: "scale" })];
    await checkOp({
      variables: { x, scale },
      apply: ({ x, scale }) => exp(multiply(log(x), scale)),
      reference: ({ x, scale }) => ({
        ...x,
        data: x.data.map((value, index) => value ** (scale.data[index % 4] ?? Number.NaN)),
      }),
    });
  });
});
