import { expect, it } from "vitest";
import { isTurnedUnseen } from "../../src/datasets/sample-checks.ts";

it("sees by its size that a photo was turned by 90 degrees, but for a square one", () => {
  const turned = (width: number, height: number) =>
    [1, 2, 3, 4, 5, 6, 7, 8].filter((orientation) =>
      isTurnedUnseen({ photo: { width, height, data: new Uint8Array(3 * width * height) }, orientation }),
    );
  expect(turned(3, 2)).toEqual([2, 3, 4]);
  expect(turned(2, 2)).toEqual([2, 3, 4, 5, 6, 7, 8]);
});
