import { describe, expect, it, test } from "vitest";
import { findLabelIssues, findRepeatedIds, findSharedIds } from "../../src/datasets/issues.ts";
import { LabelCounts } from "../../src/datasets/label-counts.ts";
import { gardenLabels, inMemory, sampleOf } from "../support/dataset-memory.ts";

describe("findLabelIssues", () => {
  const issuesOf = (
    values: readonly number[],
    classes: readonly string[],
    ignoredValues?: readonly number[],
  ) => {
    const counts = new LabelCounts();
    counts.add(sampleOf("a", 1, values).labels);
    return findLabelIssues({ split: "val", labels: { ...gardenLabels, classes }, ignoredValues }, counts);
  };

  it("warns of each class without pixels", () => {
    const samples = [sampleOf("a", 1, [1]), sampleOf("b", 2, [1, 255])];
    const counts = new LabelCounts();
    for (const { labels } of samples) counts.add(labels);
    expect(findLabelIssues(inMemory("train", samples), counts)).toEqual([
      { severity: "warning", message: "class grass has no pixel in train" },
      { severity: "warning", message: "class pond has no pixel in train" },
    ]);
    expect(issuesOf([0, 1, 2, 255], gardenLabels.classes, [255])).toEqual([]);
  });

  it("names the way out where masks hold an ignored value beside too few others", () => {
    const way =
      'masks of val hold 255, which is ignored, and 1 of 2 classes: if 255 means a class, give that class "value: 255" and set "ignore: []" in dataset.yaml';
    expect(issuesOf([0, 255], ["other", "road"], [255])).toEqual([
      { severity: "warning", message: "class road has no pixel in val" },
      { severity: "warning", message: way },
    ]);
    expect(issuesOf([0, 255], ["road"], [255])).toMatchObject([
      { message: way.replace("of 2 classes", "of 1 class") },
    ]);
    expect(issuesOf([0, 255], ["other", "road"])).toHaveLength(1);
    expect(issuesOf([0, 0], ["other", "road"], [255])).toHaveLength(1);
  });

  it("calls a split without a labelled pixel an error", () => {
    expect(issuesOf([255, 255], ["other", "road"])).toEqual([
      { severity: "error", message: "val has no labelled pixel: its masks hold only ignored values" },
    ]);
    expect(issuesOf([255, 255], ["other", "road"], [0, 255])).toMatchObject([
      { severity: "error" },
      { severity: "warning", message: expect.stringContaining("if one of these values means a class") },
    ]);
  });

  it("says nothing of a split of which no mask could be read", () => {
    expect(findLabelIssues(inMemory("train", []), new LabelCounts())).toEqual([]);
  });
});

test("LabelCounts counts pixels and photos", () => {
  const counts = new LabelCounts();
  for (const values of [[1, 1, 255], [1]]) counts.add(sampleOf("a", 1, values).labels);
  expect([counts.pixels[1], counts.photos[1], counts.pixels[255], counts.photos[255]]).toEqual([3, 2, 1, 1]);
});

describe("findSharedIds", () => {
  it("names the ids that several splits have, once each", () => {
    const train = inMemory("train", [sampleOf("a", 1, [0]), sampleOf("b", 1, [0]), sampleOf("b", 1, [0])]);
    const val = inMemory("val", [sampleOf("c", 1, [0]), sampleOf("a", 1, [0])]);
    expect(findSharedIds([train, val])).toEqual([
      { severity: "warning", id: "a", message: "a is in train and val" },
    ]);
    expect(findSharedIds([train])).toEqual([]);
  });
});

describe("findRepeatedIds", () => {
  it("names ids that are listed more than once", () => {
    expect(findRepeatedIds(["a", "b", "a"])).toEqual([
      { severity: "error", id: "a", message: "a is listed 2 times" },
    ]);
  });
});
