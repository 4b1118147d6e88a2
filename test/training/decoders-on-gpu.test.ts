import { expect, it } from "vitest";
import { countValues } from "../../src/graph/shape.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { decoders } from "../../src/models/zoo.ts";
import { createRandom } from "../../src/random.ts";
import { drawRandomInputs } from "../../src/training/random-inputs.ts";
import { buildTrainingStep } from "../../src/training/step.ts";
import { describeOnGpu, differences } from "../support/on-gpu.ts";
import { floats, ints } from "../support/run-graph.ts";

const CLASSES = 5;
const [height, width] = [64, 64];

/** A small one that each decoder is made for. */
function backboneFor(decoder: string): string {
  if (decoder === "frm") return "van-b0";
  if (decoder.startsWith("ndnet")) return "ndnet29";
  return decoder.includes("mobile") ? "mobilenet-v2" : "resnet-18";
}

describeOnGpu("on WebGPU, as on the CPU, a training step of", () => {
  it.each(Object.keys(decoders))("%s", { timeout: 900_000 }, async (decoder) => {
    const name = `${decoder}+${backboneFor(decoder)}`;
    const network = buildNetwork({
      network: name,
      classes: CLASSES,
      size: [1, height, width],
      auxiliary: true,
    });
    const settings = { optimizer: "sgd", momentum: 0.9, weightDecay: 1e-5 } as const;
    const step = buildTrainingStep(network, {
      groups: [{ name: "all", has: () => true, ...settings }],
      clipNorm: 1,
    });
    const random = createRandom(1);
    const image = floats(
      Float32Array.from({ length: 3 * height * width }, () => 2 * random() - 1),
      [1, 3, height, width],
    );
    const target = ints(
      Int32Array.from({ length: height * width }, (_, at) => (at >> 3) % CLASSES),
      [1, height, width],
    );
    const scalars = Object.entries(step.scalars({ step: 0, rates: { all: 1e-2 } }));
    const { loss, ...next } = step.outputs;
    if (!loss) throw new Error("a step has a loss");
    const found = await differences(
      { loss: [loss], gradients: [...step.gradients.values()], next: Object.values(next) },
      {
        image,
        target,
        ...drawRandomInputs(network.randomInputs, 1),
        ...Object.fromEntries(initialWeights(network.parameters, { seed: 1 })),
        ...Object.fromEntries(
          step.memory.map(({ input, shape }) => [input, floats(new Float32Array(countValues(shape)), shape)]),
        ),
        ...Object.fromEntries(scalars.map(([name, value]) => [name, floats([value], [])])),
      },
    );
    expect(found.loss).toBeLessThan(1e-4);
    // Of all together: some of them are nothing but rounding errors.
    expect(found.gradients).toBeLessThan(1e-3);
    expect(found.next).toBeLessThan(1e-5);
  });
});
