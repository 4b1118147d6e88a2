import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describePassedOver, listFileNames } from "../../src/datasets/file-names.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;
const layout = "expected a layout";
const file = (...names: string[]) => join(directory, ...names);
const list = (folder = "") => listFileNames(file(folder), { endings: [".jpg", ".png"], layout });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-names-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function make(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(file(name)), { recursive: true });
    await writeFile(file(name), "");
  }
}

describe("listFileNames", () => {
  it("takes the endings asked for, in any case, and nothing hidden", async () => {
    await make("b.JPG", "a.png", "notes.txt", ".c.png", "._a.png", ".git/d.png", "e.f.png");
    const { paths, others } = await list();
    expect([...paths]).toEqual([
      ["a", file("a.png")],
      ["b", file("b.JPG")],
      ["e.f", file("e.f.png")],
    ]);
    expect(others).toEqual(["notes.txt"]);
  });

  it("walks into folders", async () => {
    await make("x.png", "city/y.png", "city/deeper/z.jpg");
    expect([...(await list()).paths.keys()]).toEqual(["city/deeper/z", "city/y", "x"]);
  });

  it("takes links for what they point to: files, folders, and folders of links", async () => {
    await make("elsewhere/berlin/a.png", "elsewhere/b.png", "here/c.png");
    await symlink(file("elsewhere/berlin"), file("here/berlin"));
    await symlink(file("elsewhere/b.png"), file("here/b.png"));
    await symlink(file("here"), file("linked"));
    expect([...(await list("linked")).paths.keys()]).toEqual(["b", "berlin/a", "c"]);
    // Two links to one folder are two folders: each has samples of its own name.
    await symlink(file("elsewhere/berlin"), file("here/potsdam"));
    expect([...(await list("here")).paths.keys()]).toEqual(["b", "berlin/a", "c", "potsdam/a"]);
  });

  it("comes to an end where links lead in a circle", async () => {
    await make("a/x.png", "b/y.png");
    await symlink(file(""), file("a/root"));
    await symlink(file("b"), file("a/other"));
    await symlink(file("a"), file("b/other"));
    expect([...(await list()).paths.keys()]).toEqual(["a/other/y", "a/x", "b/other/x", "b/y"]);
  });

  it("refuses a link to nothing, whose samples would be missing, and a link to itself", async () => {
    await make("a.png");
    await symlink(file("unmounted/berlin"), file("berlin"));
    await expect(list()).rejects.toThrow(
      `open: ${file("berlin")}: link must point to something that is there`,
    );
    await rm(file("berlin"));
    await symlink("berlin", file("berlin"));
    await expect(list()).rejects.toThrow("link must not lead back to itself");
  });

  it("composes names, however the disk has them", async () => {
    await make(`${"Straße ü".normalize("NFD")}.png`);
    expect([...(await list()).paths.keys()]).toEqual(["Straße ü".normalize("NFC")]);
  });

  it("tells two spellings of one name from two endings", async () => {
    await make(`${"ü".normalize("NFD")}.png`, `${"ü".normalize("NFC")}.png`);
    await expect(list()).rejects.toThrow(/two spellings of Unicode/);
  });

  it("refuses two files of one id unless the first ending wins, and a folder that is not there", async () => {
    await make("a.jpg", "a.png");
    await expect(list()).rejects.toThrow(lightsegError("INVALID_DATASET", "open"));
    const { paths } = await listFileNames(directory, { endings: [".png", ".jpg"], layout, firstWins: true });
    expect([...paths]).toEqual([["a", file("a.png")]]);
    await make("b.jpg", "b.jpeg");
    const endings: [string, ...string[]] = [".png", ".jpg", ".jpeg"];
    await expect(listFileNames(directory, { endings, layout, firstWins: true })).rejects.toThrow(
      /name must not/,
    );
    await expect(list("no")).rejects.toThrow(/no: folder must be readable \(expected a layout\)/);
  });

  it("leaves out a folder", async () => {
    await make("a.png", "masks/a.png");
    const { paths } = await listFileNames(directory, { endings: [".png"], layout, without: file("masks") });
    expect([...paths.keys()]).toEqual(["a"]);
  });
});

it("names three files that were passed over, and counts the others", () => {
  expect(describePassedOver(["a.bmp", "b.bmp", "c.bmp", "d.bmp", "e.bmp"], [".jpg", ".png"])).toBe(
    "passed over 5 files (a.bmp, b.bmp, c.bmp and 2 more); .jpg, .png are read",
  );
  expect(describePassedOver(["a.bmp"], [".png"])).toBe("passed over 1 file (a.bmp); .png are read");
});
