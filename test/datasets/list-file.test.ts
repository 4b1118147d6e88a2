import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileNames } from "../../src/datasets/file-names.ts";
import { idsOfList, readList } from "../../src/datasets/list-file.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-list-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function linesOf(content: string | Uint8Array): Promise<string[]> {
  const file = join(directory, "train.txt");
  await writeFile(file, content);
  return (await readList(file, "expected a list")).lines.map(({ number, text }) => `${number} ${text}`);
}

describe("readList", () => {
  it.each([
    ["LF", "a\nb\n"],
    ["CRLF", "a\r\nb\r\n"],
    ["CR", "a\rb\r"],
    ["a byte order mark", "\ufeffa\nb"],
    ["spaces and tabs around", "a  \n\tb\u00a0\n"],
  ])("reads lines with %s", async (_, content) => {
    expect(await linesOf(content)).toEqual(["1 a", "2 b"]);
  });

  it("passes over blank lines, keeps spaces within, and composes names", async () => {
    expect(await linesOf("\n IMG 01 \n\nu\u0308\n")).toEqual(["2 IMG 01", "4 ü"]);
  });

  it.each([
    ["UTF-16", "with mark, little-endian", Buffer.from("\ufeffa\nb\n", "utf16le")],
    ["UTF-16", "with mark, big-endian", Buffer.from("\ufeffa\nb\n", "utf16le").swap16()],
    ["UTF-16", "without mark", Buffer.from("a\nb\n", "utf16le")],
    ["UTF-16", "without mark, big-endian", Buffer.from("a\nb\n", "utf16le").swap16()],
    ["another encoding, such as Latin-1", "Latin-1", Buffer.from("Straße\n", "latin1")],
    ["bytes that are no text", "zeros", Buffer.from("abc\0\0\0")],
  ])("says that it got %s (%s)", async (found, _, bytes) => {
    await expect(linesOf(bytes)).rejects.toThrow(
      `open: ${join(directory, "train.txt")}: list must be text in UTF-8, got "${found}" (save it as UTF-8)`,
    );
  });

  it("refuses a list that is missing or empty", async () => {
    await expect(readList(join(directory, "no.txt"), "expected a list")).rejects.toThrow(
      /no\.txt: list must be a readable file \(expected a list\)/,
    );
    await expect(linesOf(" \n\r")).rejects.toThrow(lightsegError("INVALID_DATASET", "open"));
  });
});

describe("idsOfList", () => {
  const photos = (...ids: string[]): FileNames => ({
    folder: "/data/my set/images",
    endings: [".jpg"],
    paths: new Map(ids.map((id) => [id, `${id}.jpg`])),
    others: [],
  });
  const idsOf = (known: FileNames, ...texts: string[]) =>
    idsOfList({ file: "train.txt", lines: texts.map((text, index) => ({ number: index + 1, text })) }, known);

  it("takes a whole line for the id, spaces or not", () => {
    const known = photos("IMG 01", "IMG 02", "IMG", "01");
    expect(idsOf(known, "IMG 01", "IMG 02", "IMG", "01")).toEqual(["IMG 01", "IMG 02", "IMG", "01"]);
    expect(idsOf(photos("02"), "IMG 03")).toEqual(["IMG 03"]);
  });

  it("takes paths with ending and folders, in Windows' spelling too", () => {
    expect(idsOf(photos("a", "b.c", "d", "e"), "images/a.JPG", "/old/place/b.c", "x\\d.png", "./e")).toEqual([
      "a",
      "b.c",
      "d",
      "e",
    ]);
    expect(idsOf(photos("a", "IMG 02"), "/data/my set/images/a.jpg", "my set/images/IMG 02.jpg")).toEqual([
      "a",
      "IMG 02",
    ]);
  });

  it("takes a mask of the same name beside the photo", () => {
    const known = photos("a", "IMG 01", "c");
    expect(
      idsOf(
        known,
        "/SegNet/train/a.png /SegNet/trainannot/a.png",
        "images/IMG 01.jpg\tmasks/IMG 01.png",
        "c c.png",
      ),
    ).toEqual(["a", "IMG 01", "c"]);
    expect(idsOf(photos(), "x/a.jpg y/a.png")).toEqual(["a"]);
  });

  it.each([
    ["two ids", ["a", "b"], "a b"],
    ["two ids of which one is not there", ["a"], "a c"],
    ["the mask of another sample", ["a", "b"], "images/a.jpg masks/b.png"],
    ["the mask of another sample, the photo not being there", ["b"], "images/a.jpg masks/b.png"],
    ["an id and a number", ["a"], "a -1"],
    ["a third word", ["a"], "a.jpg a.png 1"],
  ])("refuses a line with %s", (_, ids, text) => {
    expect(() => idsOf(photos(...ids), text)).toThrow(
      `open: train.txt: line 1 must be one id, or the paths of a photo and of the mask of the same name, got ${JSON.stringify(text)}`,
    );
  });

  it("finds photos in folders: by their path, or by a name that is there once", () => {
    const known = photos("berlin/1", "bonn/1", "bonn/2");
    expect(idsOf(known, "images/bonn/1.jpg", "berlin/1", "2")).toEqual(["bonn/1", "berlin/1", "bonn/2"]);
    expect(idsOf(known, "1")).toEqual(["1"]);
    expect(idsOf(known, "munich/2")).toEqual(["2"]);
  });

  it("refuses two lines that mean one photo; the same line twice is left to the check of the data set", () => {
    expect(() => idsOf(photos("1"), "berlin/1.jpg", "bonn/1.jpg")).toThrow(
      'train.txt: line 2 must not mean the photo of line 1, "berlin/1.jpg", got "bonn/1.jpg"',
    );
    expect(idsOf(photos("1"), "1", "1")).toEqual(["1", "1"]);
  });
});
