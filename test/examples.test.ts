import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileSources } from "./support/compile-sources.ts";

const examples = fileURLToPath(new URL("../examples/", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

let folder = "";
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-examples-"));
  await cp(examples, file("examples"), { recursive: true });
  await writeFile(file("package.json"), '{ "type": "module" }');
  // As it lies there after `npm install`.
  await mkdir(file("node_modules"));
  await symlink(dirname(compileSources()), file("node_modules/lightseg"));
});
afterAll(() => rm(folder, { recursive: true }));

async function runExample(name: string, ...args: string[]): Promise<string> {
  const command = ["--import", tsx, `examples/${name}.ts`, ...args];
  return (await promisify(execFile)(process.execPath, command, { cwd: folder })).stdout;
}

describe("examples", { timeout: 300_000 }, () => {
  it("segment-photo finds the cat and draws it", async () => {
    const printed = await runExample("segment-photo");
    expect(printed).toMatch(/^cat: 7\d\.\d %\nbackground: 2\d\.\d %\nin the middle: cat\n/);
    expect((await stat(file("overlay.png"))).size).toBeGreaterThan(10_000);
  });

  it("train learns from the shapes that write-shapes drew", async () => {
    expect(await runExample("write-shapes", "shapes")).toBe("24 photos in shapes\n");
    const printed = await runExample("train", "shapes", "shapes/images/00.png", "my-run", "1");
    expect(printed).toMatch(/\n\d+ steps; best mean IoU \d+\.\d %; see my-run\/report\.html\n/);
    expect(printed).toMatch(/^(background|disk|square): \d+\.\d %$/m);
    expect(await readdir(file("my-run"))).toContain("report.html");
  });
});
