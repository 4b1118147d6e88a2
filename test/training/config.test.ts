import { describe, expect, it } from "vitest";
import { parseTrainingConfig } from "../../src/training/config.ts";

const required = { network: "n", dataset: "d", data: "f" };

describe("parseTrainingConfig", () => {
  it.each([
    [{ momentum: 2 }, /momentum/],
    [{ epochs: 0 }, /epochs/],
    [{ crop: [100_000, 100_000] }, /crop\.0/],
    [{ threads: 1000 }, /threads/],
    [{ schedule: { kind: "poly", power: 0 } }, /schedule\.power/],
    [{ network: undefined }, /network/],
  ])("names what is wrong with %j", (options, message) => {
    expect(() => parseTrainingConfig({ ...required, ...options })).toThrow(message);
  });

  it("refuses what is no object", () => {
    expect(() => parseTrainingConfig(7)).toThrow(/options is not valid/);
  });
});
