import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { paper } from "../../src/cli/paper.ts";
import { writeCamvid } from "../support/camvid.ts";

const run = async (line: string) =>
  (await paper.run(parseArguments(paper, line.split(" ")), () => undefined)).json;

describe("lightseg paper", () => {
  it("writes the page and its numbers for the data at hand", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lightseg-"));
    await writeCamvid(join(folder, "camvid"), (pixel) => (pixel % 64 < 32 ? 3 : 8));
    const out = join(folder, "paper");
    await run(`--data camvid=${join(folder, "camvid")} --limit 1 --out ${out} --threads 1`);
    const description: unknown = JSON.parse(await readFile(join(out, "paper.json"), "utf8"));
    const single = { dataset: "camvid", split: "val", photos: 1, views: "single scale" };
    expect(description).toMatchObject({
      conditions: { data: ["camvid"], threads: 1 },
      measured: {
        accuracies: [
          { model: "camvid", ...single },
          { model: "camvid-ndnet45", network: "ndnet45", ...single },
        ],
        probes: null,
      },
    });
    const page = await readFile(join(out, "index.html"), "utf8");
    expect(page).toContain("camvid val, 1 photo, 1 of them trained on, single scale");
    expect(page).toContain("<pre>lightseg paper --data camvid=CAMVID --threads 1 --limit 1</pre>");
  });

  it.each([
    ["--data CamVid", /--data must be a data set \(camvid, .*\), = and its folder, got "CamVid"/],
    ["--data ade20k=a", /--data must be a data set/],
    ["--photos nowhere", /nowhere/],
    // Found after the work has begun.
    ["--data camvid=nowhere", /nowhere.val.txt/],
    ["--ablation nowhere", /nowhere.*must hold folders of training runs/s],
  ])("%s is refused", async (line, message) => {
    const out = join(await mkdtemp(join(tmpdir(), "lightseg-")), "paper");
    await expect(run(`${line} --out ${out}`)).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });
});
