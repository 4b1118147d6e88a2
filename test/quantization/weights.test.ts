import { describe, expect, it } from "vitest";
import { correctBias, quantizeBias, quantizeWeight } from "../../src/quantization/weights.ts";

describe("quantizeWeight", () => {
  it("gives each output channel a scale of its own, symmetric about 0", () => {
    const weight = Float32Array.of(-127, 63.4, 0, 1.27, 0.005, -0.016);
    const { values, scales } = quantizeWeight(weight, new Float32Array(2), { inputScale: 1, bits: 8 });
    expect([...scales]).toEqual([1, Math.fround(0.01)]);
    expect([...values]).toEqual([-127, 63, 0, 127, 1, -2]);
  });

  it("stays within ±63 with 7 bits", () => {
    const { values } = quantizeWeight(Float32Array.of(-2, 1.1), new Float32Array(1), {
      inputScale: 1,
      bits: 7,
    });
    expect([...values]).toEqual([-63, 35]);
  });

  it("takes a scale in which the bias can be stored, also for weights that are 0", () => {
    const bias = Float32Array.of(2 ** 20, 0);
    const { scales } = quantizeWeight(new Float32Array(2), bias, { inputScale: 0.5, bits: 8 });
    expect([...scales]).toEqual([2 ** -9, 1]);
    expect([...quantizeBias(bias, { scales, inputScale: 0.5 }).values]).toEqual([2 ** 30, 0]);
  });
});

describe("quantizeBias", () => {
  it("counts in steps of both scales", () => {
    const { values, scales } = quantizeBias(Float32Array.of(3, -3), {
      scales: Float32Array.of(0.5, 2),
      inputScale: 0.5,
    });
    expect([...scales]).toEqual([0.25, 1]);
    expect([...values]).toEqual([12, -3]);
  });
});

describe("correctBias", () => {
  it("takes away what rounding adds to the mean: two inputs of two places each", () => {
    const weight = Float32Array.of(0.9, 1.2, 2, 3);
    const quantized = { values: Int8Array.of(1, 1, 2, 3), scales: Float32Array.of(1) };
    const corrected = correctBias(Float32Array.of(5), weight, quantized, { means: [10, 100], groups: 1 });
    // Errors 0.1 and -0.2 at the places of the first input, whose mean is 10.
    expect(corrected[0]).toBeCloseTo(5 - (0.1 - 0.2) * 10, 5);
  });

  it("looks at the channels of the group alone", () => {
    const weight = Float32Array.of(0.5, 1, 1.5);
    const quantized = { values: Int8Array.of(1, 1, 1), scales: Float32Array.of(1, 1, 1) };
    const corrected = correctBias(new Float32Array(3), weight, quantized, { means: [2, 4, 6], groups: 3 });
    expect([...corrected]).toEqual([-1, 0, 3]);
  });
});
