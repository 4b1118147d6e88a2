import { expect, it } from "vitest";
import * as lightseg from "../src/index.ts";

it("has this public surface: a change here is a change for users", () => {
  expect(Object.keys(lightseg).sort()).toMatchInlineSnapshot(`
    [
      "ConfusionMatrix",
      "DEFAULT_MODEL",
      "IGNORE_LABEL",
      "LightsegError",
      "Segmenter",
      "addLegend",
      "buildNetwork",
      "computeMetrics",
      "countCost",
      "datasets",
      "decodeMask",
      "decodePhoto",
      "describeMatch",
      "drawOverlay",
      "encodeIndexedPng",
      "encodePng",
      "evaluate",
      "findDataset",
      "imagenetPreprocessing",
      "listShippedModels",
      "loadModel",
      "matchWeights",
      "networks",
      "openNodeSession",
      "readWeights",
      "renderLabels",
      "renderOverlay",
      "train",
      "vocPalette",
      "writeSafetensors",
      "writeWeights",
    ]
  `);
});
