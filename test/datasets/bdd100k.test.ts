import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bdd100k } from "../../src/datasets/bdd100k.ts";
import { cityscapes } from "../../src/datasets/cityscapes.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-bdd100k-"));
  await writePhoto(join(directory, "images/10k/val/7d06fefd-f7be05a6.jpg"), 2, 2);
  await writeMask(join(directory, "labels/sem_seg/masks/val/7d06fefd-f7be05a6.png"), 2, [0, 18, 255, 13]);
});
afterEach(() => rm(directory, { recursive: true }));

describe("bdd100k", () => {
  it("has the classes of Cityscapes, stored as trainIds", async () => {
    const dataset = await bdd100k.open(directory, "val");
    expect(dataset).toMatchObject({ name: "bdd100k", split: "val", ids: ["7d06fefd-f7be05a6"] });
    expect(dataset.labels).toBe(cityscapes.labels);
    expect([...(await dataset.load(0)).labels.data]).toEqual([0, 18, 255, 13]);
  });

  it("refuses the test split, whose labels are not public, and says where files are expected", async () => {
    await expect(bdd100k.open(directory, "test")).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "open"));
    await expect(bdd100k.open(directory, "train")).rejects.toThrow(
      /expected DIR\/images\/10k\/train\/ID\.jpg/,
    );
    await rm(join(directory, "labels/sem_seg/masks/val/7d06fefd-f7be05a6.png"));
    await expect(bdd100k.open(directory, "val")).rejects.toThrow(/7d06fefd-f7be05a6\.png: \w+ must exist/);
    await rm(join(directory, "images/10k/val/7d06fefd-f7be05a6.jpg"));
    await expect(bdd100k.open(directory, "val")).rejects.toThrow(/must hold at least one photo ID\.jpg/);
  });
});
