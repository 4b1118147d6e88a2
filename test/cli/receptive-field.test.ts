import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { receptiveField } from "../../src/cli/receptive-field.ts";

async function run(line: string) {
  const lines: string[] = [];
  const argv = line.split(" ");
  const { json } = await receptiveField.run(parseArguments(receptiveField, argv), (text) => lines.push(text));
  return { json, text: lines.join("\n") };
}

describe("lightseg receptive-field", () => {
  it("measures maps on a folder of photos and writes a page", async () => {
    const page = join(await mkdtemp(join(tmpdir(), "lightseg-")), "field.html");
    const small = "--size 32x32 --units 1 --top 2 --occluder 16 --step 16 --limit 2 --threads 1";
    const maps = "--at features.block3 --at before:features.block4";
    const { json, text } = await run(`camvid-ndnet45 ${maps} --data examples ${small} --out ${page}`);
    expect(json).toMatchObject({
      model: "camvid-ndnet45",
      photos: 2,
      page,
      maps: [
        { at: "features.block3", map: [64, 4, 4], size: [32, 32], units: [{ photos: [{}, {}] }] },
        { at: "before:features.block4", map: [64, 4, 4] },
      ],
    });
    // The same map by two names.
    const [first, second] = Array.isArray(json.maps) ? json.maps : [];
    expect(second).toEqual({ ...first, at: "before:features.block4" });
    expect(text).toMatch(/features\.block3 +64x4x4 +\d+ × \d+ px +\d+ px +\d+ px +\d+ \(\d+ px\)/);
    expect(await readFile(page, "utf8")).toMatch(/<h2>features\.block3<\/h2>[\s\S]*data:image\/jpeg/);
  });

  it.each([
    ["voc --data examples", /--at NAME is required/],
    ["voc --at crp4", /--data DIR is required/],
    ["voc --at crp4 --data examples --out field.pdf", /must be a file name that ends in .html/],
    ["voc --at crp4 --data nowhere --out nowhere/a.html", /nowhere\/a.html: .*folder does not exist/],
    ["voc --at crp9 --data examples", /must be a block or layer of the network/],
    ["voc --at crp4 --data models", /must hold photos/],
  ])("%s is refused", async (line, message) => {
    await expect(run(line)).rejects.toThrow(message);
  });
});
