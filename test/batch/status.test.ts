import { expect, it } from "vitest";
import { speedOf } from "../../src/batch/status.ts";

it("tells no speed before it was measured for some seconds", () => {
  expect(speedOf(100, 0)).toBeNull();
  expect(speedOf(100, 0.02)).toBeNull();
  expect(speedOf(0, 60)).toBeNull();
  expect(speedOf(100, 5)).toBe(20);
});
