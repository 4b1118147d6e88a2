import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { compare } from "../../src/cli/compare.ts";
import { writeCamvid } from "../support/camvid.ts";
import { runCli } from "./run-cli.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-"));
  await writeCamvid(join(folder, "camvid"), (pixel) => (pixel % 64 < 32 ? 3 : 11));
});

async function run(line: string) {
  const { json } = await compare.run(parseArguments(compare, line.split(" ")), () => undefined);
  return json;
}

describe("lightseg compare", { timeout: 120_000 }, () => {
  it("puts photos, truth and results side by side", async () => {
    const file = join(folder, "a.html");
    const data = `--dataset camvid --data ${join(folder, "camvid")}`;
    const json = await run(`camvid-ndnet45 camvid-ndnet45 ${data} --limit 1 --out ${file} --threads 1`);
    const columns = ["photo", "truth", "camvid-ndnet45", "camvid-ndnet45"];
    expect(json).toEqual({ file, columns, photos: ["photo0"] });
    expect((await readFile(file, "utf8")).match(/<img /g)).toHaveLength(4);
  });

  it("writes a picture of photos without truth", async () => {
    const file = join(folder, "a.png");
    const photos = `--photos ${join(folder, "camvid", "val")}`;
    const json = await run(`camvid-ndnet45 ${photos} --out ${file} --threads 1`);
    expect(json).toEqual({
      file,
      columns: ["photo", "camvid-ndnet45"],
      photos: ["photo0.png", "photo1.png"],
    });
    expect((await readFile(file)).subarray(1, 4).toString()).toBe("PNG");
  });

  it("writes another file than lightseg report, which compares runs", async () => {
    const photos = join(folder, "camvid", "val");
    const { stdout } = await runCli(["compare", "camvid-ndnet45", "--photos", photos], folder);
    expect(stdout).toBe("wrote models.html: 2 photos, camvid-ndnet45\n");
    expect(existsSync(join(folder, "models.html"))).toBe(true);
  });

  it.each([
    ["camvid-ndnet45", /--photos PATH is required/],
    ["camvid-ndnet45 --photos examples --out a.gif", /--out must end in .html, .svg, .png/],
    ["camvid-ndnet45 --photos examples --dataset camvid --data .", /cannot be given beside --dataset/],
    ["camvid-ndnet45 --photos examples --data .", /cannot be given beside --dataset and --data/],
    ["camvid-ndnet45 --data .", /dataset.yaml: /],
    ["nope --photos examples", /nope/],
    ["camvid-ndnet45 --photos nowhere --out nowhere/a.html", /nowhere\/a.html: .*folder does not exist/],
  ])("%s is refused", async (line, message) => {
    await expect(run(line)).rejects.toThrow(message);
  });
});
