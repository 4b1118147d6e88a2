import { expect, it } from "vitest";
import { columnDistances, isNear } from "../../src/evaluation/distance.ts";
import { drawMap } from "./maps.ts";

it("finds the nearest pixel of a label above and below, up to the corners", () => {
  const distances = columnDistances(drawMap("100", "000", "001"), 1);
  const none = Number.POSITIVE_INFINITY;
  expect([...distances.data]).toEqual([0, none, 2, 1, none, 1, 2, none, 0]);
  // From the middle, both pixels lie sqrt(2) away.
  expect(isNear(distances, 4, 1.4)).toBe(false);
  expect(isNear(distances, 4, 1.42)).toBe(true);
});
