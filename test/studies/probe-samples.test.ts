import { expect, it } from "vitest";
import { stack, subsample } from "../../src/studies/probe-samples.ts";

it("takes every fourth label of every fourth row", () => {
  const data = Int32Array.from({ length: 5 * 9 }, (_, at) => at);
  const { data: part, shape } = subsample({ data, shape: [1, 5, 9] });
  expect(shape).toEqual([1, 2, 3]);
  expect([...part]).toEqual([0, 4, 8, 36, 40, 44]);
});

it("joins the maps, labels and classes of photos into a batch", () => {
  const photo = (value: number) => ({
    map0: { data: Float32Array.of(value, value), shape: [1, 2, 1, 1] },
    target: { data: Int32Array.of(value), shape: [1, 1, 1] },
  });
  expect(stack([photo(3), photo(7)])).toEqual({
    map0: { data: Float32Array.of(3, 3, 7, 7), shape: [2, 2, 1, 1] },
    target: { data: Int32Array.of(3, 7), shape: [2, 1, 1] },
  });
});
