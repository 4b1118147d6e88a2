import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkDataset } from "../../src/datasets/check.ts";
import { custom } from "../../src/datasets/custom.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;
const file = (...names: string[]) => join(directory, ...names);
const settings = (yaml: string) => writeFile(file("dataset.yaml"), yaml);

async function writeSample(photo: string, mask: string, values = [0, 1]): Promise<void> {
  await writePhoto(file(photo), 2, 1);
  await writeMask(file(mask), 2, values);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-custom-"));
  await settings("name: garden\nclasses: [grass, path]\nval: 0.5");
});
afterEach(() => rm(directory, { recursive: true }));

describe("custom, with lists", () => {
  beforeEach(async () => {
    for (const photo of ["a.jpg", "b.PNG", "c.webp", "d.jpeg"])
      await writeSample(`images/${photo}`, `masks/${photo.slice(0, 1)}.png`, [1, 255]);
    await writeFile(file("train.txt"), "c\na\n");
    await writeFile(file("val.txt"), "b.PNG\nimages/d.jpeg\n");
  });

  it("takes the ids of the list, in its order, and photos of every kind", async () => {
    const train = await custom.open(directory, "train");
    expect(train).toMatchObject({ name: "garden", split: "train", ids: ["c", "a"] });
    expect(train.labels.classes).toEqual(["grass", "path"]);
    expect([...(await train.load(0)).labels.data]).toEqual([1, 255]);
    const val = await custom.open(directory, "val");
    expect(val.ids).toEqual(["b", "d"]);
    expect((await val.load(0)).photo).toMatchObject({ width: 2, height: 1 });
  });

  it("names what is missing, and keeps it where asked to", async () => {
    await expect(custom.open(directory, "test")).rejects.toThrow(/test\.txt: list must be a readable file/);
    await expect(custom.open(directory, "trainval")).rejects.toThrow(
      lightsegError("INVALID_ARGUMENT", "open"),
    );
    await rm(file("images/c.webp"));
    await rm(file("masks/a.png"));
    await expect(custom.open(directory, "train")).rejects.toThrow(
      /images.c\.jpg: \w+ must exist \(expected DIR\/data/,
    );
    const train = await custom.open(directory, "train", { missing: "keep" });
    await expect(train.load(0)).rejects.toThrow(/images.c\.jpg: photo must exist/);
    await expect(train.load(1)).rejects.toThrow(/masks.a\.png: mask must exist/);
  });

  it("refuses two photos of one id", async () => {
    await writePhoto(file("images/a.png"), 2, 1);
    await expect(custom.open(directory, "train")).rejects.toThrow(
      /a\.png: name must not be that of .*a\.jpg but for its ending/,
    );
  });

  it("refuses a value that stands for nothing", async () => {
    await writeMask(file("masks/a.png"), 2, [0, 2]);
    const train = await custom.open(directory, "train");
    await expect(train.load(1)).rejects.toThrow(
      /must only hold the mask values 0, 1, 255, got "2 at column 1/,
    );
  });
});

describe("custom, with folders", () => {
  it("takes what is in the folders of the split, and settings say where those are", async () => {
    await settings("classes: [grass, path]\nfolders: { images: photos, masks: truth }");
    await writeSample("photos/train/2.jpg", "truth/train/2.png");
    await writeSample("photos/train/1.jpg", "truth/train/1.png");
    await writeSample("photos/val/1.jpg", "truth/val/1.png");
    expect((await custom.open(directory, "train")).ids).toEqual(["1", "2"]);
    expect((await custom.open(directory, "val")).ids).toEqual(["1"]);
    await expect(custom.open(directory, "test")).rejects.toThrow(/photos.test: folder must be readable/);
    await rename(file("photos/train/1.jpg"), file("photos/train/3.jpg"));
    await expect(custom.open(directory, "train")).rejects.toThrow(/1\.jpg: \w+ must exist/);
  });
});

describe("custom, in layouts that others write", () => {
  const lists = (train: string, val: string) =>
    Promise.all([writeFile(file("train.txt"), train), writeFile(file("val.txt"), val)]);

  it("reads photos of every kind, in folders within folders", async () => {
    await lists("berlin/a\nb\n", "c\nd\n");
    for (const [photo, mask] of [
      ["berlin/a.tif", "berlin/a.png"],
      ["b.gif", "b.png"],
      ["c.TIFF", "c.PNG"],
      ["bonn/d.avif", "bonn/d.png"],
    ] as const)
      await writeSample(`images/${photo}`, `masks/${mask}`);
    const [train, val] = [await custom.open(directory, "train"), await custom.open(directory, "val")];
    expect([train.ids, val.ids]).toEqual([
      ["berlin/a", "b"],
      ["c", "bonn/d"],
    ]);
    for (const dataset of [train, val])
      for (const index of [0, 1]) expect([...(await dataset.load(index)).labels.data]).toEqual([0, 1]);
  });

  it("reads photos and masks in one folder, where PNGs are the masks", async () => {
    await settings("classes: [grass, path]\nfolders: { images: ., masks: . }");
    await lists("a\n", "b\n");
    for (const id of ["a", "b"]) await writeSample(`${id}.jpg`, `${id}.png`);
    const train = await custom.open(directory, "train");
    expect(train).toMatchObject({ ids: ["a"], warnings: [] });
    expect([...(await train.load(0)).labels.data]).toEqual([0, 1]);
    for (const id of ["a", "b"]) await rm(file(`${id}.jpg`));
    await expect(custom.open(directory, "train")).rejects.toThrow(
      /folder must hold photos that are no PNGs: .*PNGs are the masks \(put photos and masks into two folders/,
    );
  });

  it("leaves the masks out of the photos where they lie within their folder", async () => {
    await settings("classes: [grass, path]\nfolders: { images: ., masks: masks }");
    await writeSample("a.png", "masks/a.png");
    await writeSample("b.png", "masks/b.png");
    await lists("a\n", "b\n");
    expect((await custom.open(directory, "train")).ids).toEqual(["a"]);
  });

  it("pairs names in either Unicode form, in lists and folders too", async () => {
    const [composed, apart] = ["Straße ü".normalize("NFC"), "Straße ü".normalize("NFD")];
    await settings(`classes: [grass, path]\nfolders: { images: ${composed}, masks: masks }`);
    await writeSample(`${apart}/${composed}.png`, `masks/${apart}.png`);
    await writeSample(`${apart}/b.png`, "masks/b.png");
    await lists(`${apart}\n`, "b\n");
    const train = await custom.open(directory, "train");
    expect(train.ids).toEqual([composed]);
    expect([...(await train.load(0)).labels.data]).toEqual([0, 1]);
  });

  it("counts and names files of other kinds, hidden ones apart", async () => {
    for (const id of ["a", "b"]) await writeSample(`images/train/${id}.jpg`, `masks/train/${id}.png`);
    for (const name of [
      "images/train/._a.jpg",
      "images/train/c.heic",
      "images/train/notes.txt",
      "masks/train/.DS_Store",
    ])
      await writeFile(file(name), "");
    const { warnings, ids } = await custom.open(directory, "train");
    expect(ids).toEqual(["a", "b"]);
    expect(warnings).toEqual([
      `${file("images/train")}: passed over 2 files (c.heic, notes.txt); .jpg, .jpeg, .png, .webp, .tif, .tiff, .gif, .avif are read`,
    ]);
    await writeMask(file("masks/train/c.png"), 2, [0, 1]);
    await expect(custom.open(directory, "train")).rejects.toThrow(
      /photo must exist \(c\.heic is there, but only/,
    );
  });

  it("passes over folders of photos without masks and says so, and refuses one photo without", async () => {
    for (const id of ["a", "in/b"]) await writeSample(`images/train/${id}.jpg`, `masks/train/${id}.png`);
    for (const photo of ["c", "d"]) await writePhoto(file(`images/train/more/deep/${photo}.jpg`), 2, 1);
    const { warnings, ids } = await custom.open(directory, "train");
    expect(ids).toEqual(["a", "in/b"]);
    expect(warnings).toEqual([
      `${file("images/train/more/deep")}: passed over 2 photos, for which ${file("masks/train/more/deep")} has no masks`,
    ]);
    await writePhoto(file("images/train/in/e.jpg"), 2, 1);
    await expect(custom.open(directory, "train")).rejects.toThrow(/masks.train.in.e\.png: mask must exist/);
    await rm(file("images/train/in/e.jpg"));
    await writeMask(file("masks/train/c.png"), 2, [0, 1]);
    await expect(custom.open(directory, "train")).rejects.toThrow(
      /must exist \((more.deep.c|c) is there: a photo and its mask lie in folders of one name/,
    );
  });

  it("says that masks must be PNGs", async () => {
    await writeSample("images/train/a.jpg", "masks/train/a.png");
    await rename(file("masks/train/a.png"), file("masks/train/a.jpg"));
    await expect(custom.open(directory, "train")).rejects.toThrow(
      "mask must exist (a.jpg is there, but only .png files are read: save masks as PNGs, which keep every value)",
    );
  });

  it("does not take other photos in place of a list that is a link to nothing", async () => {
    for (const id of ["a", "b"]) await writeSample(`images/${id}.jpg`, `masks/${id}.png`);
    await symlink(file("unmounted.txt"), file("train.txt"));
    await expect(custom.open(directory, "train")).rejects.toThrow(/train\.txt: list must be a readable file/);
  });

  it("says that settings in UTF-16 are not UTF-8", async () => {
    await writeFile(file("dataset.yaml"), Buffer.from("\ufeffclasses: [grass]", "utf16le"));
    await expect(custom.open(directory, "train")).rejects.toThrow(
      'dataset.yaml: settings must be text in UTF-8, got "UTF-16" (save it as UTF-8)',
    );
  });
});

describe("custom, of photos that EXIF turns", () => {
  async function writeTurned(width: number, height: number, orientation: number, mask: [number, number]) {
    const raw = { width, height, channels: 3 } as const;
    await mkdir(file("images/train"), { recursive: true });
    await sharp(new Uint8Array(3 * width * height), { raw })
      .withMetadata({ orientation })
      .toFile(file("images/train/a.jpg"));
    await writeMask(file("masks/train/a.png"), mask[0], new Array(mask[0] * mask[1]).fill(0));
    return custom.open(directory, "train");
  }

  it.each([
    [4, 2, 3],
    [4, 2, 2],
    [3, 3, 6],
  ])(
    "warns where the size of the mask does not show it (%s x %s, orientation %s)",
    async (width, height, turn) => {
      const { issues } = await checkDataset(await writeTurned(width, height, turn, [width, height]));
      expect(issues).toContainEqual({
        severity: "warning",
        message:
          "1 photo is turned or mirrored by EXIF (a), and masks are not: the page of lightseg data check --out shows whether they fit",
      });
    },
  );

  it("says that EXIF swaps the sides where a mask has those of the stored photo", async () => {
    const stored = await writeTurned(4, 2, 6, [4, 2]);
    await expect(stored.load(0)).rejects.toThrow(
      /mask must have the size of its photo, 2x4, got "4x2" \(EXIF turns the photo by 90 degrees: turn the mask too, or/,
    );
    const turned = await checkDataset(await writeTurned(4, 2, 6, [2, 4]));
    expect(turned.issues.map(({ message }) => message)).toEqual(["class path has no pixel in train"]);
  });
});

describe("custom, split by a hash", () => {
  const names = Array.from({ length: 12 }, (_, index) => `photo${index}`);

  beforeEach(async () => {
    for (const name of names) await writeSample(`images/${name}.png`, `masks/${name}.png`);
  });

  it("puts each photo into one part, and keeps it there when others are added", async () => {
    const train = await custom.open(directory, "train");
    const val = await custom.open(directory, "val");
    expect([...train.ids, ...val.ids].sort()).toEqual([...names].sort());
    // The first byte of sha256("0/photoN") is below 0x80 for these: printf 0/photo2 | sha256sum
    expect(val.ids).toEqual(["photo0", "photo10", "photo11", "photo2", "photo3", "photo7", "photo9"]);

    await writeSample("images/new.png", "masks/new.png");
    for (const [split, ids] of [
      ["train", train.ids],
      ["val", val.ids],
    ] as const) {
      const after = (await custom.open(directory, split)).ids;
      expect(after.filter((id) => id !== "new")).toEqual(ids);
    }
  });

  it("splits anew by another seed or share", async () => {
    // The first bytes of sha256("1/photoN"): 08 24 2e 39 4b 53 5f for 5 10 9 8 0 2 6, 80 and more for the
    // others.
    await settings("classes: [grass, path]\nval: 0.5\nseed: 1");
    expect((await custom.open(directory, "val")).ids).toEqual([
      "photo0",
      "photo10",
      "photo2",
      "photo5",
      "photo6",
      "photo8",
      "photo9",
    ]);
    await settings("classes: [grass, path]\nval: 0.25\nseed: 1");
    expect((await custom.open(directory, "val")).ids).toEqual(["photo10", "photo5", "photo8", "photo9"]);
  });

  it("leaves neither train nor val without a photo", async () => {
    // The first bytes of sha256("0/photoN") are lowest for 0 (36) and highest for 6 (f4).
    await settings("classes: [grass, path]\nval: 0.000001");
    expect((await custom.open(directory, "val")).ids).toEqual(["photo0"]);
    expect((await custom.open(directory, "train")).ids).not.toContain("photo0");
    await settings("classes: [grass, path]\nval: 0.999999");
    expect((await custom.open(directory, "train")).ids).toEqual(["photo6"]);
    expect((await custom.open(directory, "val")).ids).toHaveLength(11);
  });

  it("says what to do when a part has no photo", async () => {
    for (const name of names.slice(1)) {
      await rm(file(`images/${name}.png`));
      await rm(file(`masks/${name}.png`));
    }
    await settings("classes: [grass, path]\nval: 0.9");
    expect((await custom.open(directory, "train")).ids).toEqual(["photo0"]);
    await expect(custom.open(directory, "val")).rejects.toThrow(
      /must have photos for val: of 1, the share 0\.9 goes to val .* \(add photos, or list their ids in/,
    );
    await expect(custom.open(directory, "test")).rejects.toThrow(lightsegError("INVALID_DATASET", "open"));
  });
});

describe("custom, masks coded by color", () => {
  it("reads them, and names a color that stands for nothing", async () => {
    await settings(
      'classes: [{ name: grass, color: "#00ff00" }, { name: path, color: "#ff0000" }]\nmasks: rgb\nignore: "#ffffff"',
    );
    const colors = Uint8Array.of(255, 0, 0, 0, 255, 0, 255, 255, 255);
    for (const [split, data] of [
      ["train", colors],
      ["val", colors.with(4, 254)],
    ] as const) {
      await writePhoto(file(`images/${split}/a.png`), 3, 1);
      await writeMask(file(`masks/${split}/a.png`), 3, [0, 0, 0]);
      await writeFile(file(`masks/${split}/a.png`), encode({ width: 3, height: 1, data, channels: 3 }));
    }
    const train = await custom.open(directory, "train");
    expect([...(await train.load(0)).labels.data]).toEqual([1, 0, 255]);
    const val = await custom.open(directory, "val");
    await expect(val.load(0)).rejects.toThrow(/a\.png.* got "#00fe00 at column 1, row 0"/);
  });
});
