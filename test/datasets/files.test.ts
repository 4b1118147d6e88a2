import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstPresent, isThere, spelledOnDisk } from "../../src/datasets/files.ts";

let directory: string;
const file = (...names: string[]) => join(directory, ...names);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-files-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("isThere and firstPresent", () => {
  it("count a link to nothing as there, so that no other file is taken in its place", async () => {
    await symlink(file("nothing"), file("link"));
    await writeFile(file("b"), "");
    expect([await isThere(file("link")), await isThere(file("nothing"))]).toEqual([true, false]);
    expect(await firstPresent([file("a"), file("link"), file("b")])).toBe(file("link"));
    expect(await firstPresent([file("a"), file("c")])).toBe(file("a"));
  });
});

describe("spelledOnDisk", () => {
  it("finds names in the other Unicode form, and leaves the rest as it is", async () => {
    const apart = file("ü".normalize("NFD"));
    await mkdir(apart);
    expect(await spelledOnDisk(file("ü".normalize("NFC")))).toBe(apart);
    expect(await spelledOnDisk(apart)).toBe(apart);
    const composed = file("ö".normalize("NFC"));
    await mkdir(composed);
    expect(await spelledOnDisk(file("ö".normalize("NFD")))).toBe(composed);
    expect(await spelledOnDisk(file("v"))).toBe(file("v"));
    expect(await spelledOnDisk(file("no", "v"))).toBe(file("no", "v"));
  });
});
