import { describe, expect, it } from "vitest";
import { datasets, findDataset } from "../../src/datasets/index.ts";

describe("findDataset", () => {
  it("finds CamVid by name", () => {
    expect(findDataset("camvid").labels?.classes).toHaveLength(11);
  });

  it("lists the known names for another", () => {
    expect(() => findDataset("CamVid2")).toThrow(/name must be one of camvid.*, got "CamVid2"/);
  });
});

describe.each(datasets)("$name", ({ labels, splits }) => {
  it("has a color for each class, all different, and at least one split", () => {
    if (!labels) return expect(splits.length).toBeGreaterThan(0);
    expect(labels.palette).toHaveLength(labels.classes.length);
    expect(new Set(labels.classes).size).toBe(labels.classes.length);
    expect(new Set(labels.palette.map(String)).size).toBe(labels.classes.length);
    expect(splits.length).toBeGreaterThan(0);
  });
});
