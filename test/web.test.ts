import { expect, it } from "vitest";

it("has this public surface: a change here is a change for users", async () => {
  // By a name that Node's type check does not follow: the entry is for browsers.
  const entry = "../src/web.ts";
  expect(Object.keys(await import(entry)).sort()).toEqual([
    "DEFAULT_MODEL",
    "LightsegError",
    "SegmentationPainter",
    "Segmenter",
    "TaughtModel",
    "classMask",
    "clearCache",
    "cutoutBlob",
    "exportOnnx",
    "fineTune",
    "listCached",
    "listModels",
    "probabilitiesAt",
    "renderLabels",
    "toBlob",
    "toCanvas",
    "toImageBitmap",
  ]);
});
