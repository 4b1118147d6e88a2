import { describe, expect, it } from "vitest";
import {
  formatCount,
  formatMoment,
  formatNumber,
  formatPercent,
  formatSeconds,
} from "../../src/html/format.ts";

describe("format", () => {
  it.each([
    [0, "0"],
    [9000, "9,000"],
    [0.0125, "0.0125"],
    [0.1 + 0.2, "0.3"],
    [0.00003, "3e-5"],
    [-0.0001234567, "-1.23e-4"],
    [999_999, "999,999"],
    [2_000_000, "2e6"],
  ])("writes the number %d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it("writes shares in per cent, and a dash for none", () => {
    expect([0, 0.5125, 1, null, undefined].map((share) => formatPercent(share))).toEqual([
      "0.0 %",
      "51.2 %",
      "100.0 %",
      "–",
      "–",
    ]);
    expect([formatPercent(0.00012, 2), formatPercent(0.00012)]).toEqual(["0.01 %", "<0.1 %"]);
  });

  it.each([
    [0, "0 s"],
    [29.4, "29 s"],
    [30, "30 s"],
    [59.4, "59 s"],
    [59.5, "1 min"],
    [89, "1 min"],
    [3569, "59 min"],
    [3570, "1 h 0 min"],
    [7980, "2 h 13 min"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it("writes counts and moments", () => {
    expect(formatCount(1437443)).toBe("1,437,443");
    expect(formatMoment(new Date("2026-11-21T09:33:59Z"))).toBe("2026-11-21 09:33 UTC");
  });
});
