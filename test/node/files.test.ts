import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFolder, checkFolderOf, makeFolder, writeFileAtomically } from "../../src/node/files.ts";
import { rejectionOf } from "../images/helpers.ts";

describe("writeFileAtomically", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-files-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("writes a file, replaces it, and leaves nothing else behind", async () => {
    const path = join(folder, "out.png");
    await writeFileAtomically(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomically(path, Uint8Array.of(4));
    expect([...(await readFile(path))]).toEqual([4]);
    expect(await readdir(folder)).toEqual(["out.png"]);
  });

  it("writes only the viewed part of a buffer", async () => {
    const path = join(folder, "out.bin");
    await writeFileAtomically(path, Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    expect([...(await readFile(path))]).toEqual([2, 3]);
  });

  it("keeps the last of many concurrent writes whole", async () => {
    const path = join(folder, "out.bin");
    const writes = Array.from({ length: 8 }, (_, i) =>
      writeFileAtomically(path, new Uint8Array(5000).fill(i)),
    );
    await Promise.all(writes);
    const bytes = await readFile(path);
    expect(bytes.length).toBe(5000);
    expect(new Set(bytes).size).toBe(1);
    expect(await readdir(folder)).toEqual(["out.bin"]);
  });

  it("reports a folder that is missing or a file, without the temporary name", async () => {
    const missing = join(folder, "none", "out.png");
    const { message } = await rejectionOf(writeFileAtomically(missing, Uint8Array.of(1)), "OUTPUT");
    expect(message).toBe(`writeFile: ${missing}: the file cannot be written: its folder does not exist`);
    const file = join(folder, "file");
    await writeFile(file, "");
    await rejectionOf(writeFileAtomically(join(file, "out.png"), Uint8Array.of(1)), "OUTPUT");
  });

  it("removes the temporary file when the path turns out to be a folder", async () => {
    const path = join(folder, "sub");
    await mkdir(path);
    await rejectionOf(writeFileAtomically(path, Uint8Array.of(1)), "OUTPUT");
    expect(await readdir(folder)).toEqual(["sub"]);
  });
});

describe("checkFolderOf", () => {
  it("refuses a folder that is not there, and a file that is a folder, before there is anything to write", async () => {
    await checkFolderOf(join(tmpdir(), "out.onnx"));
    const missing = await rejectionOf(checkFolderOf(join(tmpdir(), "lightseg-none", "out.onnx")), "OUTPUT");
    expect(missing.message).toContain("cannot be written: its folder does not exist");
    const folder = await rejectionOf(checkFolderOf(tmpdir()), "OUTPUT");
    expect(folder.message).toContain("cannot be written: it is a folder");
  });
});

describe("checkFolder", () => {
  it("takes a folder that can be made, without making it, and refuses a file in its place", async () => {
    const path = join(tmpdir(), "lightseg-none", "a");
    await checkFolder(path);
    expect(existsSync(join(tmpdir(), "lightseg-none"))).toBe(false);
    for (const file of [process.execPath, join(process.execPath, "a")])
      await rejectionOf(checkFolder(file), "OUTPUT");
  });
});

describe("makeFolder", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-folder-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("makes a folder with those above it, and is content with one that is there", async () => {
    const path = join(folder, "a", "b", "c");
    await makeFolder(path);
    await makeFolder(path);
    expect(await readdir(join(folder, "a", "b"))).toEqual(["c"]);
  });

  it("makes folders that others make at the same time", async () => {
    const paths = Array.from({ length: 60 }, (_, i) => join(folder, `${i % 3}`, "a", "b", "c", `${i}`));
    await Promise.all(paths.map((path) => makeFolder(path)));
    for (const path of paths) expect(existsSync(path)).toBe(true);
  });

  it("refuses a file, a folder below a file, and one that the system does not allow", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await rejectionOf(makeFolder(file), "OUTPUT");
    await rejectionOf(makeFolder(join(file, "sub")), "OUTPUT");
    await symlink(join(folder, "nowhere"), join(folder, "link"));
    await rejectionOf(makeFolder(join(folder, "link")), "OUTPUT");
    const { message } = await rejectionOf(makeFolder(join(folder, "n".repeat(300))), "OUTPUT");
    expect(message).toMatch(/nn: the folder cannot be written: its name is too long$/);
  });

  it.skipIf(!existsSync("/proc/self"))("returns for a folder below /proc (needs Linux)", async () => {
    await rejectionOf(makeFolder("/proc/lightseg/out"), "OUTPUT");
  });
});
