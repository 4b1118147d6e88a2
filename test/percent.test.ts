import { expect, it } from "vitest";
import { percent } from "../src/percent.ts";

it("writes shares in per cent, and tells a trace from nothing", () => {
  const shares = [0, 1e-9, 0.0004, 0.0006, 0.5125, 1];
  expect(shares.map((share) => percent(share))).toEqual([
    ...["0.0 %", "<0.1 %", "<0.1 %", "0.1 %", "51.2 %", "100.0 %"],
  ]);
  expect(shares.map((share) => percent(share, 2))).toEqual([
    ...["0.00 %", "<0.01 %", "0.04 %", "0.06 %", "51.25 %", "100.00 %"],
  ]);
});
