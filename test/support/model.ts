import { camvid } from "../../src/datasets/camvid.ts";
import { describeNetwork, type Model } from "../../src/model-files/model.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";

/** A model of CamVid's classes with random weights: complete, and no better than chance. */
export function randomModel(seed = 1): Model {
  const network = "refinenet-lw-mobilenet-v2";
  const { parameters } = buildNetwork({ network, classes: camvid.labels.classes.length });
  const weights = initialWeights(parameters, { seed });
  return { ...describeNetwork(network, camvid.labels), weights };
}

/** Colorful pixels that differ from place to place. */
export function testPhoto(width: number, height: number) {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, index) => (index * 37 + (index >> 5) * 11) % 256,
  );
  return { width, height, data };
}
