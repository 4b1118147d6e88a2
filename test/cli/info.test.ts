import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseArguments } from "../../src/cli/arguments.ts";
import { info } from "../../src/cli/info.ts";

async function run(...argv: string[]) {
  const lines: string[] = [];
  const { json } = await info.run(parseArguments(info, argv), (line) => lines.push(line));
  return { json, text: lines.join("\n") };
}

const cost = z.object({
  network: z.string(),
  classes: z.number(),
  parameters: z.object({
    total: z.number(),
    encoder: z.number(),
    decoder: z.number(),
    groups: z.record(z.string(), z.number()),
  }),
  macs: z.number(),
  macsByPart: z.object({ encoder: z.number(), decoder: z.number() }),
  flops: z.number(),
  peakActivationBytes: z.number(),
  weightBytes: z.object({ float32: z.number(), float16: z.number() }),
  size: z.object({ height: z.number(), width: z.number() }),
  layers: z.array(z.object({ name: z.string(), parameters: z.number(), macs: z.number() })).optional(),
});

describe("lightseg info", () => {
  it("lists networks, what they are made of, and models", async () => {
    const { json, text } = await run();
    expect(json).toMatchObject({
      networks: expect.arrayContaining(["refinenet-lw-50", "refinenet-101", "refinenet-lw-nasnet-mobile"]),
      decoders: expect.arrayContaining(["refinenet-lw", "refinenet"]),
      backbones: expect.arrayContaining(["resnet-18", "nasnet-mobile"]),
      models: expect.any(Array),
    });
    expect(text).toContain("Shipped models:\n");
  });

  it("counts parameters, MACs, FLOPs and memory of a network at an input size", async () => {
    const { json, text } = await run("refinenet-lw-mobilenet-v2", "--size", "625x468");
    const { parameters, macs, macsByPart, flops, weightBytes, ...rest } = cost.parse(json);
    expect(rest).toMatchObject({ classes: 21, size: { height: 625, width: 468 } });
    expect(parameters.total).toBe(parameters.encoder + parameters.decoder);
    expect(Object.values(parameters.groups).reduce((sum, count) => sum + count, 0)).toBe(parameters.total);
    expect(macsByPart.encoder + macsByPart.decoder).toBe(macs);
    expect(flops).toBe(2 * macs);
    expect(weightBytes).toEqual({ float32: 4 * parameters.total, float16: 2 * parameters.total });
    expect(text).toMatch(/G MACs = .* G FLOPs for one input of 625x468/);
    expect(text).not.toContain("convolution");
    // Each half with its own groups below it.
    const groups = text.slice(text.indexOf("  encoder"), text.indexOf("MACs")).split("    decoder ");
    const sums = groups.map((half) =>
      [...half.matchAll(/^ {6}\S+ +([\d,]+)$/gm)].reduce(
        (sum, [, count = ""]) => sum + Number(count.replaceAll(",", "")),
        0,
      ),
    );
    expect(sums).toEqual([parameters.encoder, parameters.decoder]);
  });

  it("follows the network to the graph that the engine runs", async () => {
    const options = ["--size", "64x96", "--classes", "7", "--compiled"];
    const stage = z.object({ stage: z.string(), weights: z.number(), macs: z.number(), nodes: z.number() });
    const compiledOf = async (network: string) => {
      const { json, text } = await run(network, ...options);
      const { compiled } = z.object({ compiled: z.array(stage) }).parse(json);
      return { compiled, macs: cost.parse(json).macs, text };
    };
    const { compiled, macs, text } = await compiledOf("refinenet-lw-mobilenet-v2");
    const [defined, , merged, distributed] = compiled;
    expect(defined).toMatchObject({ stage: "as defined", macs });
    // 960 -> 320 -> 256 channels become 960 -> 256 at a 32nd of the size: 2 x 3 places.
    expect(macs - (merged?.macs ?? 0)).toBe(6 * (960 * 320 + 320 * 256 - 960 * 256));
    // The last 256 x 256 of the finest level goes for the 7 x 9 of the classifier: 16 x 24 places.
    expect((merged?.macs ?? 0) - (distributed?.macs ?? 0)).toBe(384 * 256 * (256 - 7 * 9));
    expect(text).toMatch(/two convolutions into one +[\d,]+ +[\d,]+ +\d+/);

    // At each level of the ResNet decoder but the coarsest a 256 x 256 matrix goes; 4 x 6, 8 x 12 and 16 x 24
    // places.
    const merging = 256 * 256 * (24 + 96 + 384);
    // At the coarsest, 2 x 3 places, the last 512 x 512 of its pooling goes for the 512 x 256 behind it; at
    // the finest as above.
    const distributing = 6 * 512 * (512 - 256) + 384 * 256 * (256 - 7 * 9);
    const resnet = await compiledOf("refinenet-lw-50");
    expect(resnet.macs - (resnet.compiled.at(-1)?.macs ?? 0)).toBe(merging + distributing);
  });

  it("lists layers whose sums are the totals", async () => {
    const { json, text } = await run("refinenet-lw-50", "--size", "64x64", "--classes", "7", "--layers");
    const { layers = [], parameters, macs } = cost.parse(json);
    expect(layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameters.total);
    expect(layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(macs);
    expect(text).toMatch(/layer4\.0\.conv2 +convolution +3x3, stride 2 +512x4x4 +512x2x2 +2,360,320/);
    expect(text.trimEnd().split("\n").at(-1)).toMatch(/^ +sum .* 100\.0 %$/);
  });

  it("takes a network in two parts", async () => {
    const whole = await run("refinenet-lw-50");
    const parts = await run("--backbone", "resnet-50", "--decoder", "refinenet-lw");
    expect(parts.json).toEqual(whole.json);
  });

  it("counts a model in int8 like its network, but for the size of its weights", async () => {
    const file = "models/camvid.int8.onnx";
    const [{ json: quantized, text }, { json: plain }] = [await run(file), await run("camvid")];
    const { size } = await stat(file);
    expect(quantized).toEqual({ ...plain, model: file, weightBytes: { int8: size } });
    expect(text).toContain(`  ${(size / 1e6).toFixed(1)} MB of int8 weights`);
  });

  it("draws a network", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "lightseg-")), "net.svg");
    const { json } = await run("refinenet-lw-50", "--size", "64x64", "--draw", file, "--block", "fusion2");
    expect(json).toMatchObject({ drawing: file });
    expect(await readFile(file, "utf8")).toMatch(/^<svg [\s\S]*fusion2[\s\S]*<\/svg>\n$/);
  });

  it("prints the paper's tables beside our counts", async () => {
    const { json, text } = await run("--paper");
    expect(json).toMatchObject({ size: [512, 512], classes: 21, rows: expect.any(Array) });
    expect(text).toMatch(/Table 1[\s\S]*Table 2[\s\S]*Table 3/);
    expect(text).toMatch(/refinenet-lw-101 +46 +46\.35 +=? +52 +51\.94 +=/);
    expect(text).toMatch(/refinenet-lw-mobilenet-v2 +9\.3 +9\.14 +-1\.7 %/);
  });

  it.each([
    [["nope"], "NOT_FOUND"],
    [["--paper", "refinenet-50"], "INVALID_ARGUMENT"],
    [["--paper", "--size", "64x64"], "INVALID_ARGUMENT"],
    [["--backbone", "resnet-50"], "INVALID_ARGUMENT"],
    [["ndnet45", "--backbone", "van-b0", "--decoder", "frm"], "INVALID_ARGUMENT"],
    [["refinenet-50", "--draw", "a.svg", "--block", "nope"], "NOT_FOUND"],
    [["refinenet-50", "--draw", "a.png"], "INVALID_ARGUMENT"],
    [["refinenet-50", "--block", "fusion2"], "INVALID_ARGUMENT"],
    [["--draw", "a.svg"], "INVALID_ARGUMENT"],
  ])("%j is refused", async (argv, code) => {
    await expect(run(...argv)).rejects.toMatchObject({ code });
  });
});
