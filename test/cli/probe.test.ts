import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { probe } from "../../src/cli/probe.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { writeCamvid } from "../support/camvid.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";

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

  it("counts the background as no object, in weights without class names too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lightseg-"));
    await writeFile(join(folder, "dataset.yaml"), "classes: [background, thing]");
    // The thing is in each photo to learn from, and in none to measure on: a head that knows it is wrong.
    for (const [split, label] of Object.entries({ train: 1, val: 0 }))
      for (const id of ["a", "b"]) {
        await writePhoto(join(folder, "images", split, `${id}.png`), 32, 32);
        const mask = Array.from({ length: 32 * 32 }, (_, pixel) => (pixel < 512 ? label : 0));
        await writeMask(join(folder, "masks", split, `${id}.png`), 32, mask);
      }
    const name = "refinenet-lw-mobile-96+mobilenet-v2";
    const weights = join(folder, "weights.safetensors");
    const { parameters } = buildNetwork({ network: name, classes: 2 });
    await writeSafetensors(weights, initialWeights(parameters, { seed: 1 }));
    const settings = "--long-side 32 --epochs 60 --batch 2 --rate 0.05 --threads 1";
    const { json } = await run(`${name} --weights ${weights} --at layer2 --data ${folder} ${settings}`);
    expect(json).toMatchObject({ maps: [{ at: "layer2", accuracy: 0 }] });
  });

  it("refuses a model of other classes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lightseg-"));
    await writeCamvid(folder, () => 3);
    const line = `voc --at layer2 --dataset camvid --data ${folder}`;
    await expect(run(line)).rejects.toThrow(/model must have the 11 classes of camvid/);
  });

  it.each([
    ["camvid-ndnet45 --dataset camvid --data .", /--at NAME is required/],
    ["camvid-ndnet45 --at layer3 --data .", /dataset.yaml: .*; other layouts have names: --dataset\)/],
    ["camvid-ndnet45 --at layer3 --dataset camvid --data . --rate 0", /--rate must be greater than 0/],
  ])("%s is refused", async (line, message) => {
    await expect(run(line)).rejects.toThrow(message);
  });
});
