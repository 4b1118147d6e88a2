import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FileNames } from "../../src/datasets/file-names.ts";
import { endingsOf, pairFiles } from "../../src/datasets/pair-files.ts";

const layout = "expected a layout";

function names(
  folder: string,
  endings: FileNames["endings"],
  ids: string[],
  others: string[] = [],
): FileNames {
  return { folder, endings, paths: new Map(ids.map((id) => [id, `${folder}/${id}${endings[0]}`])), others };
}

const photos = names("photos", [".jpg"], ["b"]);
const masks = names("masks", [".png"], ["b", "a"]);

describe("pairFiles", () => {
  it("takes the ids of both sides, or those of a list", () => {
    const missing = join("photos", "a.jpg");
    expect(pairFiles({ photos, masks, layout, missing: "keep" })).toMatchObject([
      {
        id: "a",
        photo: missing,
        mask: "masks/a.png",
        fault: { message: `open: ${missing}: photo must exist` },
      },
      { id: "b", photo: "photos/b.jpg", mask: "masks/b.png" },
    ]);
    const list = { file: "list.txt", lines: [{ number: 1, text: "b" }] };
    expect(pairFiles({ photos, masks, layout, list }).map(({ id }) => id)).toEqual(["b"]);
  });

  it("refuses what is missing, and nothing at all", () => {
    expect(() => pairFiles({ photos, masks, layout })).toThrow(
      /a\.jpg: photo must exist \(expected a layout\)/,
    );
    const none = names("photos", [".jpg", ".png"], [], ["a.heic"]);
    expect(() => pairFiles({ photos: none, masks: names("masks", [".png"], []), layout })).toThrow(
      /photos: folder must hold at least one photo ID\.jpg or \.png, got \["a\.heic"\]/,
    );
  });

  it("says once that there is no mask", () => {
    const two = names("photos", [".jpg"], ["a", "b"]);
    const empty = names("masks", [".png"], []);
    expect(() => pairFiles({ photos: two, masks: empty, layout, missing: "keep" })).toThrow(
      "open: masks: folder must hold at least one mask ID.png (expected a layout)",
    );
  });

  it.each([
    [names("photos", [".jpg"], [], ["a.heic"]), "a.heic is there, but only .jpg files are read"],
    [
      names("photos", [".jpg"], ["city/a"]),
      "city/a is there: a photo and its mask lie in folders of one name",
    ],
    [
      names("photos", [".jpg"], ["a_photo"]),
      "a_photo is there: a photo and its mask have one name but for the ending",
    ],
    [
      names("photos", [".jpg"], ["img_a"]),
      "img_a is there: a photo and its mask have one name but for the ending",
    ],
  ])("names the file that may be meant", (near, hint) => {
    const all = { photos: near, masks: names("masks", [".png"], ["a"]), layout };
    expect(() => pairFiles(all)).toThrow(`photo must exist (${hint})`);
  });

  it("names a photo whose name differs in upper and lower case", () => {
    const all = { photos: names("photos", [".jpg"], ["a"]), masks: names("masks", [".png"], ["A"]), layout };
    expect(() => pairFiles(all)).toThrow(
      "A.jpg: photo must exist (a is there: a photo and its mask have one name but for the ending)",
    );
  });
});

describe("endingsOf", () => {
  it("puts the official ending first", () => {
    expect(endingsOf(".png", "_left").slice(0, 3)).toEqual(["_left.png", "_left.jpg", "_left.jpeg"]);
  });
});
