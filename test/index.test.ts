import { expect, it } from "vitest";
import * as lightseg from "../src/index.ts";

it("has this public surface: a change here is a change for users", () => {
  expect(Object.keys(lightseg).sort()).toMatchInlineSnapshot(`
    [
      "BoundaryScore",
      "ConfusionMatrix",
      "DEFAULT_MODEL",
      "IGNORE_LABEL",
      "LightsegError",
      "Segmenter",
      "addLegend",
      "buildNetwork",
      "checkDataset",
      "computeMetrics",
      "countCost",
      "createAveragingPredictor",
      "createVideoWriter",
      "datasets",
      "decodeMask",
      "decodePhoto",
      "describeMatch",
      "drawOverlay",
      "encodeIndexedPng",
      "encodePng",
      "evaluate",
      "findDataset",
      "findSharedIds",
      "imagenetPreprocessing",
      "listShippedModels",
      "loadModel",
      "matchWeights",
      "networks",
      "openNodeSession",
      "openVideo",
      "readWeights",
      "renderLabels",
      "renderOverlay",
      "renderSamplesPage",
      "segmentFrames",
      "train",
      "vocPalette",
      "writeSafetensors",
      "writeWeights",
    ]
  `);
});
