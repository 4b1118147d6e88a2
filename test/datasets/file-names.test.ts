import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listFileNames, pairFiles } from "../../src/datasets/file-names.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;
const layout = "expected a layout";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-names-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function make(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(directory, name, ".."), { recursive: true });
    await writeFile(join(directory, name), "");
  }
}

describe("listFileNames", () => {
  it("takes the endings asked for, in any case, and nothing hidden", async () => {
    await make("b.JPG", "a.png", "notes.txt", ".c.png", "folder/d.png", "e.f.png");
    const { paths } = await listFileNames(directory, { endings: [".jpg", ".png"], layout });
    expect([...paths]).toEqual([
      ["a", join(directory, "a.png")],
      ["b", join(directory, "b.JPG")],
      ["e.f", join(directory, "e.f.png")],
    ]);
  });

  it("looks one level deep where asked to", async () => {
    await make("x_photo.png", "city/y_photo.png", "city/deeper/z_photo.png", ".git/w_photo.png");
    const { paths } = await listFileNames(directory, { endings: ["_photo.png"], layout, nested: true });
    expect([...paths.keys()]).toEqual(["city/y", "x"]);
  });

  it("refuses two files of one id, and a folder that is not there", async () => {
    await make("a.jpg", "a.png");
    await expect(listFileNames(directory, { endings: [".jpg", ".png"], layout })).rejects.toThrow(
      lightsegError("INVALID_DATASET", "open"),
    );
    await expect(listFileNames(join(directory, "no"), { endings: [".png"], layout })).rejects.toThrow(
      /no must be a readable folder \(expected a layout\)/,
    );
  });
});

describe("pairFiles", () => {
  const photos = { folder: "photos", endings: [".jpg", ".png"], paths: new Map([["b", "photos/b.png"]]) };
  const masks = {
    folder: "masks",
    endings: [".png"],
    paths: new Map([
      ["b", "masks/b.png"],
      ["a", "masks/a.png"],
    ]),
  };

  it("takes the ids of both sides or those given", () => {
    expect(pairFiles({ photos, masks, layout, missing: "keep" })).toEqual([
      { id: "a", photo: join("photos", "a.jpg"), mask: "masks/a.png" },
      { id: "b", photo: "photos/b.png", mask: "masks/b.png" },
    ]);
    const ids = ["b", "b"];
    expect(pairFiles({ photos, masks, layout, ids }).map(({ id }) => id)).toEqual(ids);
  });

  it("refuses what is missing, and nothing at all", () => {
    expect(() => pairFiles({ photos, masks, layout })).toThrow(/a\.jpg must exist \(expected a layout\)/);
    const none = new Map<string, string>();
    expect(() =>
      pairFiles({ photos: { ...photos, paths: none }, masks: { ...masks, paths: none }, layout }),
    ).toThrow(/photos must hold at least one photo ID\.jpg or \.png/);
  });
});
