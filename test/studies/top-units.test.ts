import { expect, it } from "vitest";
import { TopPhotos } from "../../src/studies/top-units.ts";

it("keeps the photos on which each unit is most active, and where", () => {
  const tops = new TopPhotos(2);
  const shape = [1, 2, 2, 2];
  tops.add(0, { data: Float32Array.of(1, 2, 3, 4, 0, 9, 0, 0), shape });
  tops.add(1, { data: Float32Array.of(0, 6, 0, 0, 0, 0, 1, 0), shape });
  tops.add(2, { data: Float32Array.of(5, 0, 0, 0, 0, 0, 0, 3), shape });
  expect(tops.mostActive(2)).toEqual([
    {
      unit: 1,
      peaks: [
        { photo: 0, activation: 9, row: 0, column: 1 },
        { photo: 2, activation: 3, row: 1, column: 1 },
      ],
    },
    {
      unit: 0,
      peaks: [
        { photo: 1, activation: 6, row: 0, column: 1 },
        { photo: 2, activation: 5, row: 0, column: 0 },
      ],
    },
  ]);
  expect(tops.mostActive(1).map(({ unit }) => unit)).toEqual([1]);
});
