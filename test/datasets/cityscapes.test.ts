import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cityscapes } from "../../src/datasets/cityscapes.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";
import { lightsegError } from "../support/errors.ts";

const photo = (id: string) => join(directory, `leftImg8bit/train/${id}_leftImg8bit.png`);
const mask = (id: string, kind: string) => join(directory, `gtFine/train/${id}_gtFine_${kind}.png`);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-cityscapes-"));
  for (const id of ["ulm/ulm_000001_000019", "aachen/aachen_000000_000019"]) {
    await writePhoto(photo(id), 3, 2);
    await writeMask(mask(id, "labelIds"), 3, [7, 8, 33, 0, 26, 29]);
    await writeMask(mask(id, "instanceIds"), 3, [1, 1, 1, 1, 1, 1]);
  }
});
afterEach(() => rm(directory, { recursive: true }));

describe("cityscapes", () => {
  it("has the 19 classes in the order of trainIds and in their official colors", () => {
    const { classes, palette } = cityscapes.labels;
    expect(classes.length).toBe(19);
    expect([classes[0], classes[10], classes[11], classes[18]]).toEqual(["road", "sky", "person", "bicycle"]);
    expect([palette[0], palette[13]]).toEqual([
      [128, 64, 128],
      [0, 0, 142],
    ]);
  });

  it("finds the samples of all cities, and maps the official ids to trainIds", async () => {
    const dataset = await cityscapes.open(directory, "train");
    expect(dataset.ids).toEqual(["aachen/aachen_000000_000019", "ulm/ulm_000001_000019"]);
    // road, sidewalk, bicycle, unlabelled, car, caravan (which is no class)
    expect([...(await dataset.load(0)).labels.data]).toEqual([0, 1, 18, 255, 13, 255]);
  });

  it("walks into a city that is a link to another disk, and refuses one whose disk is not there", async () => {
    const [leftImg8bit, gtFine] = ["leftImg8bit", "gtFine"].map((part) => join(directory, part, "train"));
    for (const folder of [leftImg8bit, gtFine]) {
      const elsewhere = join(directory, "disk", folder === gtFine ? "gt" : "photos");
      await mkdir(join(directory, "disk"), { recursive: true });
      await rename(join(folder ?? "", "ulm"), elsewhere);
      await symlink(elsewhere, join(folder ?? "", "ulm"));
    }
    expect((await cityscapes.open(directory, "train")).size).toBe(2);
    await rm(join(directory, "disk"), { recursive: true });
    await expect(cityscapes.open(directory, "train")).rejects.toThrow(/ulm: link must point to something/);
  });

  it("maps each of the 34 ids, and 255, by the official table", async () => {
    const ids = [...Array.from({ length: 34 }, (_, id) => id), 255];
    await writePhoto(photo("ulm/ulm_000001_000019"), 5, 7);
    await writeMask(mask("ulm/ulm_000001_000019", "labelIds"), 5, ids);
    const { labels } = await (await cityscapes.open(directory, "train")).load(1);
    expect([...labels.data]).toEqual([
      ...[255, 255, 255, 255, 255, 255, 255, 0, 1, 255, 255, 2, 3, 4, 255, 255, 255, 5, 255, 6],
      ...[7, 8, 9, 10, 11, 12, 13, 14, 15, 255, 255, 16, 17, 18, 255],
    ]);
  });

  it("prefers masks of trainIds, and then wants them for all", async () => {
    await writeMask(mask("aachen/aachen_000000_000019", "labelTrainIds"), 3, [0, 7, 18, 255, 2, 1]);
    await expect(cityscapes.open(directory, "train")).rejects.toThrow(
      /ulm_000001_000019_gtFine_labelTrainIds\.png: \w+ must exist/,
    );
    await writeMask(mask("ulm/ulm_000001_000019", "labelTrainIds"), 3, [0, 19, 18, 255, 2, 1]);
    const dataset = await cityscapes.open(directory, "train");
    expect([...(await dataset.load(0)).labels.data]).toEqual([0, 7, 18, 255, 2, 1]);
    await expect(dataset.load(1)).rejects.toThrow(/got "19 at column 1, row 0"/);
  });

  it("refuses other splits, missing folders, photos without mask and masks without photo", async () => {
    await expect(cityscapes.open(directory, "test")).rejects.toThrow(
      lightsegError("INVALID_ARGUMENT", "open"),
    );
    await expect(cityscapes.open(directory, "val")).rejects.toThrow(
      /leftImg8bit.val: folder must be readable \(expected DIR\/leftImg8bit\/val\/CITY\/ID_leftImg8bit\.png/,
    );
    await rm(mask("ulm/ulm_000001_000019", "labelIds"));
    await expect(cityscapes.open(directory, "train")).rejects.toThrow(/_labelIds\.png: \w+ must exist/);
    await rm(photo("aachen/aachen_000000_000019"));
    await expect(cityscapes.open(directory, "train")).rejects.toThrow(/_leftImg8bit\.png: \w+ must exist/);
  });

  it("keeps the samples of missing files where asked to", async () => {
    await rm(mask("ulm/ulm_000001_000019", "labelIds"));
    await rm(photo("aachen/aachen_000000_000019"));
    const dataset = await cityscapes.open(directory, "train", { missing: "keep" });
    expect(dataset.size).toBe(2);
    await expect(dataset.load(0)).rejects.toThrow(/aachen_000000_000019_leftImg8bit\.png: photo must exist/);
    await expect(dataset.load(1)).rejects.toThrow(/_labelIds\.png: mask must exist/);
  });

  it("passes over what is no photo", async () => {
    await writeFile(join(directory, "leftImg8bit/train/ulm/.hidden_leftImg8bit.png"), "");
    await writeFile(join(directory, "leftImg8bit/train/readme.txt"), "");
    expect((await cityscapes.open(directory, "train")).size).toBe(2);
  });
});
