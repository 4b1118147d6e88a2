import { describe, expect, it } from "vitest";
import { peakActivationBytes } from "../../src/analysis/memory.ts";
import { relu } from "../../src/graph/ops/activation.ts";
import { concat } from "../../src/graph/ops/concat.ts";
import { add } from "../../src/graph/ops/elementwise.ts";
import { maxPool } from "../../src/graph/ops/pooling.ts";
import { input, parameter } from "../../src/graph/tensor.ts";

/** 10 values, 40 bytes. */
const image = () => input("image", [1, 1, 2, 5]);
const pool = (x: ReturnType<typeof image>) => maxPool(x, { kernel: 3, padding: 1 });

describe("peakActivationBytes", () => {
  it("is input and output of one op", () => {
    expect(peakActivationBytes([pool(image())])).toBe(80);
  });

  it("frees a map after its last reader: never more than two in a chain", () => {
    expect(peakActivationBytes([pool(pool(pool(image())))])).toBe(80);
  });

  it("keeps a map that is read again later", () => {
    const x = image();
    // x, its pool and the pool of that; then x, the last pool and the sum.
    expect(peakActivationBytes([add(x, pool(pool(x)))])).toBe(120);
  });

  it("counts wider maps by their values", () => {
    const x = image();
    const wide = concat([x, x, x]);
    expect(peakActivationBytes([pool(wide)])).toBe(3 * 40 + 3 * 40);
  });

  it("lets an activation take the place of its input, unless that is read again", () => {
    const y = pool(image());
    expect(peakActivationBytes([relu(y)])).toBe(80);
    const z = pool(image());
    expect(peakActivationBytes([add(z, relu(z))])).toBe(120);
  });

  it("does not count what depends on weights alone", () => {
    const weight = parameter("w", [1, 1, 2, 5], { initialization: { kind: "constant", value: 0 } });
    expect(peakActivationBytes([add(image(), relu(weight))])).toBe(80);
  });

  it("keeps all that is asked for", () => {
    const first = pool(image());
    expect(peakActivationBytes([first, pool(pool(first))])).toBe(120);
  });
});
