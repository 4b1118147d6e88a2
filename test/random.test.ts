import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, deriveSeed, fnv1a, shuffled } from "../src/random.ts";

describe("fnv1a", () => {
  it("gives the published values", () => {
    expect(fnv1a("")).toBe(0x811c9dc5);
    expect(fnv1a("a")).toBe(0xe40c292c);
    expect(fnv1a("foobar")).toBe(0xbf9cf968);
    expect(fnv1a("conv3.weight")).toBe(823246078);
  });
});

describe("createRandom", () => {
  it("gives the known first numbers of mulberry32", () => {
    const random = createRandom(fnv1a("conv3.weight"));
    for (const value of [0.58783626, 0.2473923, 0.01131365]) expect(random()).toBeCloseTo(value, 8);
  });

  it("stays in [0, 1) and is uniform", () => {
    const random = createRandom(7);
    const bins = new Array(10).fill(0);
    for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 10)] += 1;
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe("deriveSeed", () => {
  it("depends on each part and on where the parts begin", () => {
    const seeds = [
      deriveSeed(1, 23, 0),
      deriveSeed(12, 3, 0),
      deriveSeed(1, 23, 1),
      deriveSeed(1, 24, 0),
      deriveSeed("a", "bc"),
      deriveSeed("ab", "c"),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(deriveSeed(1, 23, 0)).toBe(seeds[0]);
  });

  it("gives independent streams for neighbouring samples", () => {
    const firsts = Array.from({ length: 10_000 }, (_, index) => createRandom(deriveSeed(42, 0, index))());
    const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
    expect(mean).toBeCloseTo(0.5, 1);
    let product = 0;
    for (let i = 1; i < firsts.length; i++)
      product += ((firsts[i] ?? 0) - mean) * ((firsts[i - 1] ?? 0) - mean);
    // The correlation of neighbours, 12 being 1 / the variance; its standard deviation is 0.01.
    expect(Math.abs((product / firsts.length) * 12)).toBeLessThan(0.04);
  });
});

describe("shuffled", () => {
  it("is a permutation", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), (n, seed) => {
        const order = shuffled(n, createRandom(seed));
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it("gives each order of three equally often", () => {
    const random = createRandom(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = shuffled(3, random).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
