import { expect, it } from "vitest";
import { plural } from "../src/plural.ts";

it("counts one of a thing, and several", () => {
  expect([0, 1, 2].map((count) => plural(count, "photo"))).toEqual(["0 photos", "1 photo", "2 photos"]);
  expect([1, 21].map((count) => plural(count, "class", "classes"))).toEqual(["1 class", "21 classes"]);
});
