import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { probe } from "../../src/cli/probe.ts";
import { writeCamvid } from "../support/camvid.ts";

async function run(line: string) {
  const lines: string[] = [];
  const { json } = await probe.run(parseArguments(probe, line.split(" ")), (text) => lines.push(text));
  return { json, text: lines.join("\n") };
}

describe("lightseg probe", () => {
  it("measures heads on maps of a shipped model", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lightseg-"));
    await writeCamvid(folder, (pixel) => (pixel % 64 < 32 ? 3 : 8));
    const small = "--long-side 64 --epochs 2 --batch 4 --limit 4 --threads 1";
    const maps = "--at features.block3 --at fusion";
    const { json, text } = await run(`camvid-ndnet45 ${maps} --dataset camvid --data ${folder} ${small}`);
    const share = expect.any(Number);
    expect(json).toMatchObject({
      ...{ model: "camvid-ndnet45", dataset: "camvid", train: 4, val: 2 },
      maps: [
        { at: "features.block3", map: [64, 8, 8], miou: share, accuracy: share, iou: { road: share } },
        { at: "fusion", map: [256, 8, 8] },
      ],
    });
    expect(text).toMatch(/features\.block3 +64x8x8 +\d+\.\d % +\d+\.\d %/);
  });

  it.each([
    ["camvid-ndnet45 --dataset camvid --data .", /--at NAME is required/],
    ["camvid-ndnet45 --at layer3 --data .", /--dataset NAME is required/],
    ["camvid-ndnet45 --at layer3 --dataset camvid --data . --rate 0", /--rate must be greater than 0/],
  ])("%s is refused", async (line, message) => {
    await expect(run(line)).rejects.toThrow(message);
  });
});
