import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileFinder, readIds } from "../../src/datasets/files.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-files-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("fileFinder", () => {
  it("prefers the first extension, and keeps the path of a missing file where asked to", async () => {
    for (const name of ["a.png", "a.jpg", "b.jpg"]) await writeFile(join(directory, name), "");
    const find = await fileFinder(directory, ["png", "jpg"], "expected a layout");
    expect([find("a"), find("b")]).toEqual([join(directory, "a.png"), join(directory, "b.jpg")]);
    expect(() => find("c")).toThrow(/c\.png must exist \(expected a layout\)/);
    const keep = await fileFinder(directory, ["png", "jpg"], "expected a layout", { missing: "keep" });
    expect([keep("b"), keep("c")]).toEqual([join(directory, "b.jpg"), join(directory, "c.png")]);
  });
});

describe("readIds", () => {
  it("takes the name of a photo of any kind for its id", async () => {
    await writeFile(join(directory, "list.txt"), "a.png\nx/b.JPEG\nc.webp\nd.e\n");
    expect(await readIds(join(directory, "list.txt"), "")).toEqual(["a", "b", "c", "d.e"]);
  });
});
