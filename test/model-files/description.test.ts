import { describe, expect, it } from "vitest";
import { describeModel, type ModelDescription, readDescription } from "../../src/model-files/description.ts";
import { lightsegError } from "../support/errors.ts";

const description: ModelDescription = {
  network: "refinenet-lw-mobilenet-v2",
  classes: ["ground", "tree"],
  palette: [
    [0, 0, 0],
    [10, 200, 30],
  ],
  preprocessing: { scale: 1 / 255, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1] },
};

describe("readDescription", () => {
  it("reads what describeModel wrote, and nothing that is beside it", () => {
    expect(readDescription(describeModel(description), "a.safetensors")).toEqual(description);
    const more = { lightseg: JSON.stringify({ ...description, author: "somebody" }) };
    expect(readDescription(more, "a.safetensors")).toEqual(description);
  });

  it("leaves weights of others to others", () => {
    expect(readDescription({ format: "pt" }, "a.safetensors")).toBeUndefined();
  });

  const { mean } = description.preprocessing;
  it.each<[string, unknown]>([
    ["no JSON", undefined],
    ["a list", []],
    ["null", null],
    ["no network", { ...description, network: 5 }],
    ["no classes", { ...description, classes: [] }],
    ["too many classes", { ...description, classes: Array(256).fill("tree") }],
    ["a class without a name", { ...description, classes: ["tree", null] }],
    ["a colour of two numbers", { ...description, palette: [[1, 2]] }],
    ["a palette that is none", { ...description, palette: "red" }],
    ["no scale", { ...description, preprocessing: { mean, std: mean } }],
    [
      "means that are text",
      { ...description, preprocessing: { scale: 1, mean: ["a", "b", "c"], std: mean } },
    ],
    ["no preprocessing", { ...description, preprocessing: null }],
  ])("refuses %s", (_name, value) => {
    const metadata = { lightseg: JSON.stringify(value) ?? "{" };
    expect(() => readDescription(metadata, "a.safetensors")).toThrow(
      lightsegError("INVALID_WEIGHTS", "a.safetensors"),
    );
  });
});
