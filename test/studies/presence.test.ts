import { expect, it } from "vitest";
import { findPresent, MultiLabelAccuracy, objectLabels } from "../../src/studies/presence.ts";

it("leaves the background out of the classes that a photo may hold", () => {
  expect(objectLabels(["background", "cat", "dog"])).toEqual([1, 2]);
  expect(objectLabels(["sky", "road"])).toEqual([0, 1]);
  expect([...findPresent([0, 255, 2, 2], [1, 2])]).toEqual([0, 1]);
});

it("counts right decisions over classes and photos, by hand", () => {
  const multiLabel = new MultiLabelAccuracy(3);
  multiLabel.add([1, 0, 0], [1, 0, 0]);
  multiLabel.add([1, 1, 0], [0, 1, 1]);
  // The first class is right once in two, the second twice, the third once: 4 of 6.
  expect(multiLabel.byClass).toEqual([0.5, 1, 0.5]);
  expect(multiLabel.accuracy).toBeCloseTo(4 / 6);
});
