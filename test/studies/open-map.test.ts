import { expect, it } from "vitest";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { input, parameter } from "../../src/graph/tensor.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { openGradient, openMap } from "../../src/studies/open-map.ts";

it("computes a map, and the gradient of one of its units: the weights, at the unit's place", async () => {
  const image = input("image", [1, 3, 4, 4]);
  const initialization = { kind: "constant", value: 0 } as const;
  const weight = parameter("weight", [1, 3, 3, 3], { initialization });
  const map = convolution(image, weight, { padding: 1 });
  const values = Float32Array.from({ length: 27 }, (_, index) => index + 1);
  const weights = new Map([["weight", { shape: [1, 3, 3, 3], data: values }]]);
  const options = { weights, engine: { open: openNodeSession, threads: 1 } };

  const forward = await openMap(map, image, options);
  const { data, shape } = await forward.run(new Float32Array(48).fill(1));
  await forward.dispose();
  expect(shape).toEqual([1, 1, 4, 4]);
  // In the middle all 27 weights count.
  expect(data[5]).toBe((27 * 28) / 2);

  const gradient = await openGradient(map, image, options);
  // The unit in row 0, column 1 reads rows -1 to 1 and columns 0 to 2.
  const derivative = await gradient.run(new Float32Array(48), 1);
  await gradient.dispose();
  const red = Array.from({ length: 16 }, (_, pixel) => derivative[pixel]);
  expect(red).toEqual([4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(derivative[16]).toBe(13);
});
