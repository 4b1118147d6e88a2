import { expect, it } from "vitest";
import { countValues, fixedShape } from "../../src/graph/shape.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { networks } from "../../src/models/zoo.ts";
import { createRandom } from "../../src/random.ts";
import { describeOnGpu, differences } from "../support/on-gpu.ts";

describeOnGpu("on WebGPU, as on the CPU, the scores of", () => {
  it.each(Object.keys(networks))("%s", { timeout: 900_000 }, async (name) => {
    // NASNet's shifted layers need maps that halve.
    const size = [1, 64, 96] as const;
    const network = buildNetwork({ network: name, classes: 5, size });
    const random = createRandom(1);
    const shape = fixedShape("test", network.image.shape);
    const image = { data: Float32Array.from({ length: countValues(shape) }, () => 2 * random() - 1), shape };
    const weights = Object.fromEntries(initialWeights(network.parameters, { seed: 1 }));
    const { scores } = await differences({ scores: [network.scores] }, { image, ...weights });
    expect(scores).toBeLessThan(1e-3);
  });
});
