import { describe, expect, it } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { collect } from "../../src/graph/tensor.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { TensorData } from "../../src/runtime/session.ts";
import { buildTrainingGraph } from "../../src/training/training-session.ts";
import { type NdArray, relativeError, uniform } from "../support/array.ts";
import { weightsByFormula } from "../support/formula.ts";
import { floats } from "../support/run-graph.ts";
import { onlyStage } from "../support/training.ts";

function countMacs(network: string): { total: number; decoder: number } {
  const built = buildNetwork({ network, classes: 19, size: [1, 1024, 2048] });
  const tensors = collect([built.scores]);
  const isDecoder = (name: string) => built.parameters.has(name) && !built.encoder.has(name);
  const first = tensors.findIndex(({ leaf }) => leaf?.kind === "parameter" && isDecoder(leaf.name));
  const sum = (list: typeof tensors) => list.reduce((macs, tensor) => macs + tensor.macs(), 0);
  return { total: sum(tensors), decoder: sum(tensors.slice(first)) };
}

describe("FRM", () => {
  it("on VAN-B0 takes 213.87 G multiply-accumulates at 1024x2048, 0.5 % less than published", () => {
    const pixels = (stride: number) => (1024 * 2048) / stride ** 2;
    const widths = [32, 64, 160, 256];
    const coarse = pixels(32);
    const module =
      coarse * 512 * 512 + // fuse
      coarse * (4 * 512 * 256 + 512 + 2 * coarse * 256 + 256) + // theta, phi, g and conv_out, conv_mask, both
      coarse * 2 * 512 * 2048 + // MLP
      coarse * 9 * 512 * 256; // project
    const pyramid = widths.reduce(
      (sum, width, level) => sum + pixels(4 << level) * 256 * (width + 9 * 256),
      0,
    );
    // The first convolution of each level halves its width; two and one more follow on the way from 1/32 and
    // 1/16.
    const head =
      9 * 256 * 128 * (pixels(4) + pixels(8) + pixels(16) + pixels(32)) +
      9 * 128 * 128 * (pixels(16) + 2 * pixels(8)) +
      19 * 128 * pixels(4);
    const { total, decoder } = countMacs("frm-van-b0");
    expect(decoder).toBe(module + pyramid + head);
    expect(total).toBe(213_866_512_384);
    expect(Math.abs(total / 214.82e9 - 1)).toBeLessThan(0.005);
  });

  it("names its parameters apart from every backbone's", () => {
    const { parameters, encoder } = buildNetwork({ network: "frm-van-b0", classes: 19, auxiliary: true });
    const decoder = [...parameters.keys()].filter((name) => !encoder.has(name));
    expect(new Set(decoder.map((name) => name.split(".")[0]))).toEqual(
      new Set(["frm", "neck", "decode_head", "contrast"]),
    );
  });

  it("has the contrastive term in training alone", () => {
    const contrastive = ["contrast.0.weight", "contrast.0.bias", "contrast.2.weight", "contrast.2.bias"];
    const names = (auxiliary: boolean) => [
      ...buildNetwork({ network: "frm-van-b0", classes: 19, auxiliary }).parameters.keys(),
    ];
    expect(names(true)).toEqual([...names(false), ...contrastive]);
    const inference = buildNetwork({ network: "frm-van-b0", classes: 19 });
    expect(inference.lossTerms).toEqual([]);
    expect(inference.randomInputs.size).toBe(0);
    const training = buildNetwork({ network: "frm-van-b0", classes: 19, auxiliary: true });
    expect(training.lossTerms.map(({ weight }) => weight)).toEqual([0.1]);
  });

  it("runs at odd sizes that are known only at the run, as a graph made for the size does", async () => {
    const any = buildNetwork({ network: "frm-van-b0", classes: 5 });
    const weights = weightsByFormula(any.parameters);
    const scoresOf = async ({ scores }: typeof any, images: readonly NdArray[]) => {
      const model = lowerToOnnx({ scores }, { parameters: (name) => weights.get(name) ?? "input" });
      const session = await openNodeSession(model, { threads: 1 });
      const results: (TensorData | undefined)[] = [];
      for (const { data, shape } of images)
        results.push((await session.run({ image: floats(data, shape) }, ["scores"])).scores);
      await session.dispose();
      return results;
    };
    const [image, batch] = [uniform([1, 3, 75, 107]), uniform([2, 3, 33, 64])];
    const fixed = buildNetwork({ network: "frm-van-b0", classes: 5, size: [1, 75, 107] });
    const [[scores, ofBatch], [expected]] = [
      await scoresOf(any, [image, batch]),
      await scoresOf(fixed, [image]),
    ];
    expect(scores?.shape).toEqual([1, 5, 19, 27]);
    expect(relativeError(scores?.data ?? [], expected?.data ?? [])).toBeLessThan(1e-5);
    expect(ofBatch?.shape).toEqual([2, 5, 9, 16]);
  });

  // Taps at one stride alone, at five strides, and with sizes that are not quite halved.
  it.each(["ndnet45-os8", "mobilenet-v2", "nasnet-mobile"])("trains on %s too", (backbone) => {
    const name = `frm+${backbone}`;
    const stage = onlyStage({
      network: name,
      dataset: "none",
      data: "none",
      batch: 2,
      crop: [48, 40],
    });
    const { network, step } = buildTrainingGraph(stage, { network: name, classes: 3 });
    if (step.kind === "replicated") throw new Error("nobody asked for replicas");
    expect(step.outputs.loss?.shape).toEqual([]);
    for (const [name, gradient] of step.gradients)
      expect(gradient.shape, name).toEqual(network.parameters.get(name)?.shape);
    expect(step.gradients.has("frm.attn.theta.weight")).toBe(true);
  });
});
