import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { checkData } from "../../src/trainer/check-data.ts";
import { parseTrainingConfig } from "../../src/training/config.ts";
import type { TrainingEvent } from "../../src/training/events.ts";
import { planStages } from "../../src/training/stage.ts";
import { lightsegError } from "../support/errors.ts";
import { testPhoto } from "../support/model.ts";

/** A split of photos with one label each. */
function split(name: string, labels: readonly number[], read: number[] = []): Dataset {
  return {
    name: "custom",
    split: name,
    labels: { classes: ["background", "cell"], palette: vocPalette(2), ignoreLabel: 255 },
    ignoredValues: [255],
    size: labels.length,
    ids: labels.map((_, index) => `${name}-${index}`),
    async load(index) {
      read.push(index);
      const data = new Uint8Array(64).fill(labels[index] ?? 0);
      return { id: "x", photo: testPhoto(8, 8), labels: { width: 8, height: 8, data } };
    },
  };
}

async function check(
  training: Dataset,
  validation: Dataset,
  counts?: Float64Array[],
  scale: [number, number] = [1, 1],
) {
  const config = parseTrainingConfig({ network: "ndnet45", dataset: "custom", data: "d", batch: 1, scale });
  const events: TrainingEvent[] = [];
  const stages = planStages(config, [{ samples: training, ...(counts && { counts }) }]);
  const warnings = await checkData(stages, validation, (event) => events.push(event));
  return { warnings, events };
}

describe("checkData", () => {
  it("finds nothing where both splits have every class", async () => {
    expect((await check(split("train", [0, 1]), split("val", [1, 0]))).warnings).toEqual([]);
  });

  it("warns of classes without pixels, and names the way out where masks hold 255", async () => {
    const { warnings, events } = await check(split("train", [0, 255]), split("val", [0, 1]));
    expect(warnings).toEqual([
      "custom: class cell has no pixel in train",
      expect.stringMatching(/masks of train hold 255, which is ignored.*"value: 255".*"ignore: \[\]"/),
    ]);
    expect(events.filter(({ kind }) => kind === "warning")).toHaveLength(2);
    const other = await check(split("train", [0, 1]), split("val", [0, 0]));
    expect(other.warnings).toEqual(["custom: class cell has no pixel in val"]);
    const counted = await check(split("train", [0, 255]), split("val", [0, 1]), [Float64Array.of(64, 0)]);
    expect(counted.warnings).toEqual(warnings);
  });

  it("warns of photos that EXIF turns, whose masks it does not", async () => {
    const plain = split("val", [0, 1]);
    const load = async (index: number) => ({ ...(await plain.load(index)), turned: index === 1 });
    const { warnings } = await check(split("train", [0, 1]), { ...plain, load });
    expect(warnings).toEqual([expect.stringMatching(/^custom: 1 photo is turned or mirrored by EXIF \(x\)/)]);
  });

  it("warns of photos of which a crop shows next to nothing", async () => {
    const plain = split("train", [0, 1]);
    const photo = { width: 4000, height: 3200, data: new Uint8Array(3 * 4000 * 3200) };
    const load = async (index: number) => ({ ...(await plain.load(index)), photo });
    const { warnings } = await check({ ...plain, load }, split("val", [0, 1]));
    const shown = "a crop of 256x256 shows 0.5 % of a photo of 3200x4000 (x)";
    expect(warnings).toEqual([expect.stringContaining(`custom: ${shown}: shrink photos and masks`)]);
    const shrunk = await check({ ...plain, load }, split("val", [0, 1]), undefined, [0.1, 0.2]);
    expect(shrunk.warnings).toEqual([]);
  });

  it("warns of photos that are trained on and measured too", async () => {
    const [training, validation] = [split("train", [0, 1]), split("val", [0, 1, 1])];
    const ids = ["val-0", "train-1", "val-2"];
    expect((await check(training, { ...validation, ids })).warnings).toEqual([
      "custom: train has 1 of the 3 photos of val (train-1) too, so validation mIoU is too high",
    ]);
    expect((await check(training, { ...validation, ids, name: "voc" })).warnings).toEqual([]);
  });

  it("passes on what was noticed when the splits were opened, once each", async () => {
    const passedOver = "images: passed over 1 file (a.heic); .jpg, .png are read";
    const noticing = (name: string) => ({ ...split(name, [0, 1]), warnings: [passedOver] });
    const { warnings, events } = await check(noticing("train"), noticing("val"));
    expect(warnings).toEqual([passedOver]);
    expect(events).toContainEqual({ kind: "warning", text: passedOver });
  });

  it("refuses a split without one labelled pixel", async () => {
    for (const [train, val] of [
      [[255], [0, 1]],
      [
        [0, 1],
        [255, 255],
      ],
    ])
      await expect(check(split("train", train ?? []), split("val", val ?? []))).rejects.toThrow(
        lightsegError("INVALID_DATASET", "train"),
      );
  });

  it("reads all photos that validations measure, and of the others enough to see every class", async () => {
    const [training, validation]: [number[], number[]] = [[], []];
    const labels = Array.from({ length: 100 }, (_, index) => index % 2);
    await check(split("train", labels, training), split("val", labels, validation));
    expect(validation.sort((a, b) => a - b)).toEqual(labels.map((_, index) => index));
    expect(training.length).toBeLessThan(20);
    const broken = { ...split("val", [0]), load: () => Promise.reject(new Error("cannot be read")) };
    await expect(check(split("train", [0, 1]), broken)).rejects.toThrow("cannot be read");
  });
});
