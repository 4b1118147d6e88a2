import { describe, expect, it } from "vitest";
import { pixelPlanes } from "../../../src/graph/ops/pixels.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { invalidGraph } from "../../support/errors.ts";
import { runGraph } from "../../support/run-graph.ts";

describe("pixelPlanes", () => {
  it("makes a plane of each color", async () => {
    const planes = pixelPlanes(input("pixels", [1, symbol("H"), symbol("W"), 3], "uint8"));
    const pixels = { data: Uint8Array.of(1, 2, 255, 4, 5, 0), shape: [1, 1, 2, 3] };
    const result = await runGraph({ planes }, { pixels });
    expect(result.planes).toEqual({ data: Float32Array.of(1, 4, 2, 5, 255, 0), shape: [1, 3, 1, 2] });
  });

  it.each([
    ["floats", input("pixels", [1, 4, 4, 3])],
    ["four channels", input("pixels", [1, 4, 4, 4], "uint8")],
    ["planes", input("pixels", [1, 3, 4, 4], "uint8")],
    ["a single photo", input("pixels", [4, 4, 3], "uint8")],
  ])("refuses %s", (_name, pixels) => {
    expect(() => pixelPlanes(pixels)).toThrow(invalidGraph("pixelPlanes"));
  });
});
