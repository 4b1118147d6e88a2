import { describe, expect, it } from "vitest";
import { describeModel, FORMAT_VERSION, readDescription } from "../../src/model-files/description.ts";
import { describePlainly, type ModelDescription } from "../../src/model-files/model.ts";
import { findNetwork } from "../../src/models/zoo.ts";
import { lightsegError } from "../support/errors.ts";

const description: ModelDescription = {
  network: "refinenet-lw-mobilenet-v2",
  classes: ["ground", "tree"],
  palette: [
    [0, 0, 0],
    [10, 200, 30],
  ],
  preprocessing: { scale: 1 / 255, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1] },
  alignCorners: false,
};

describe("readDescription", () => {
  it("reads what describeModel wrote, and nothing that is beside it", () => {
    expect(readDescription(describeModel(description), "a.safetensors")).toEqual(description);
    const trainedOn = [{ dataset: "camvid", split: "trainval" }];
    const measured = { ...description, lowConfidence: 0.5, trainedOn };
    expect(readDescription(describeModel(measured), "a.safetensors")).toEqual(measured);
    const more = { lightseg: JSON.stringify({ ...description, author: "somebody" }) };
    expect(readDescription(more, "a.safetensors")).toEqual(description);
  });

  it("refuses a palette of fewer colors than classes", () => {
    const metadata = { lightseg: JSON.stringify({ ...description, palette: [[0, 0, 0]] }) };
    expect(() => readDescription(metadata, "a.safetensors")).toThrow(/a palette of 3 numbers for each/);
  });

  it("leaves weights of others to others", () => {
    expect(readDescription({ format: "pt" }, "a.safetensors")).toBeUndefined();
  });

  it("says that a network is unknown, without the name of the function that noticed", () => {
    const unknown = {
      lightseg: JSON.stringify({ ...description, alignCorners: undefined, network: "ndnet99" }),
    };
    expect(() => readDescription(unknown, "a.safetensors")).toThrow(
      'a.safetensors: model description cannot be read: network must be one of the zoo, or DECODER+BACKBONE, got "ndnet99"',
    );
  });

  const { alignCorners: _, ...old } = description;
  const { mean } = description.preprocessing;

  it("takes alignCorners of a file without a version from the network's decoder", () => {
    const read = (network: string) =>
      readDescription({ lightseg: JSON.stringify({ ...old, network }) }, "a.safetensors");
    expect(read("refinenet-lw-mobilenet-v2")?.alignCorners).toBe(false);
    expect(read("ndnet29-fcn32")?.alignCorners).toBe(findNetwork("ndnet29-fcn32").decoder.alignCorners);
    // A file with a version says it itself, whatever its decoder does today.
    const metadata = describeModel({ ...description, alignCorners: true });
    expect(readDescription(metadata, "a.safetensors")?.alignCorners).toBe(true);
  });

  it("keeps whether class names are placeholders, and finds it out for files without a version", () => {
    const plain = describePlainly("ndnet29-fcn32", 2);
    expect(readDescription(describeModel(plain), "a.safetensors")).toEqual(plain);
    const { placeholderClasses: _, ...unsaid } = plain;
    expect(readDescription({ lightseg: JSON.stringify(unsaid) }, "a.safetensors")).toEqual(plain);
    const named = describeModel({ ...unsaid });
    expect(readDescription(named, "a.safetensors")?.placeholderClasses).toBeUndefined();
  });

  it("refuses a file of a newer version", () => {
    const metadata = { lightseg: JSON.stringify({ ...description, version: FORMAT_VERSION + 1 }) };
    expect(() => readDescription(metadata, "a.safetensors")).toThrow(
      `readDescription: a.safetensors: the version of the model description must be at most ${FORMAT_VERSION}, ` +
        `got ${FORMAT_VERSION + 1} (a newer lightseg wrote this file: update lightseg)`,
    );
  });
  it.each<[string, unknown]>([
    ["no JSON", undefined],
    ["a list", []],
    ["null", null],
    ["no network", { ...description, network: 5 }],
    ["no classes", { ...description, classes: [] }],
    ["too many classes", { ...description, classes: Array(256).fill("tree") }],
    ["a class without a name", { ...description, classes: ["tree", null] }],
    ["a color of two numbers", { ...description, palette: [[1, 2]] }],
    ["a palette that is none", { ...description, palette: "red" }],
    ["no scale", { ...description, preprocessing: { mean, std: mean } }],
    [
      "means that are text",
      { ...description, preprocessing: { scale: 1, mean: ["a", "b", "c"], std: mean } },
    ],
    ["no preprocessing", { ...description, preprocessing: null }],
    ["an unknown network, whose decoder would have to say how to upsample", { ...old, network: "nonesuch" }],
  ])("refuses %s", (_name, value) => {
    const metadata = { lightseg: JSON.stringify(value) ?? "{" };
    expect(() => readDescription(metadata, "a.safetensors")).toThrow(
      lightsegError("INVALID_WEIGHTS", "readDescription"),
    );
  });
});
