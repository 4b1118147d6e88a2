import { describe, expect, it } from "vitest";
import { addEarlier, requireSameData } from "../../src/trainer/run-data.ts";
import { randomModel } from "../support/model.ts";

const model = randomModel();
const dataOf = (classes: readonly string[], photos = 40, ids = 1) => ({
  description: { ...model, classes },
  splits: [{ name: "custom train", photos, ids }],
});

describe("addEarlier", () => {
  it("names each split once, the earlier ones first", () => {
    const split = (name: string) => ({ dataset: "custom", split: name });
    const data = { ...dataOf(["road"]), description: { ...model, trainedOn: [split("train")] } };
    const earlier = [split("first"), split("train")];
    expect(addEarlier(data, earlier).description.trainedOn).toEqual([split("first"), split("train")]);
    expect(addEarlier(dataOf(["road"]), []).description.trainedOn).toEqual([]);
  });
});

describe("requireSameData", () => {
  const stored = dataOf(["road", "car"]);

  it("lets the same data pass, and a checkpoint that says nothing of it", () => {
    expect(() => requireSameData(stored, dataOf(["road", "car"]))).not.toThrow();
    expect(() => requireSameData({}, stored)).not.toThrow();
  });

  it.each([
    [dataOf(["car", "road"]), 'classes must stay road, car in a resumed run, got "car, road"'],
    [
      dataOf(["road", "car", "sky"]),
      'classes must stay the 2 classes road, car in a resumed run, got "3: road',
    ],
    [dataOf(["road", "car"], 41), "custom train must stay 40 photos in a resumed run, got 41"],
    [dataOf(["road", "car"], 40, 2), "ids of custom train must stay those that the run began with"],
  ])("refuses other data: %#", (now, message) => {
    expect(() => requireSameData(stored, now)).toThrow(message);
  });
});
