import { describe, expect, it } from "vitest";
import { countCost } from "../../src/analysis/cost.ts";
import { foldNetwork } from "../../src/drawing/diagram.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { networks } from "../../src/models/zoo.ts";

function fold(name: string, blockName?: string) {
  const network = buildNetwork({ network: name, classes: 5, size: [1, 64, 64] });
  const block = network.blocks.find((each) => each.name === blockName);
  const { nodes, edges } = foldNetwork(network, { block });
  return { nodes, arrows: edges.map(([from, to]) => `${nodes[from]?.title} -> ${nodes[to]?.title}`) };
}

describe("foldNetwork", () => {
  it("folds the light-weight RCU into its layers, with their cost by hand", () => {
    const { nodes, arrows } = fold("refinenet-lw-rcu-50", "adapt_stage1_b");
    // Two units at 2 x 2 places, 512 channels outside and 256 inside.
    const unit = [
      ["convolution 1x1, relu", 512 * 256 + 256, 4 * 512 * 256],
      ["convolution 3x3, relu", 256 * 256 * 9, 4 * 256 * 256 * 9],
      ["convolution 1x1", 256 * 512, 4 * 256 * 512],
    ];
    const boxes = nodes.map(({ title, parameters, macs }) => [title, parameters, macs]);
    expect(boxes).toEqual([
      ["input", 0, 0],
      ...[["relu", 0, 0], ...unit, ["add", 0, 0]],
      ...[["relu", 0, 0], ...unit, ["add", 0, 0]],
    ]);
    expect(arrows.slice(0, 6)).toEqual([
      "input -> relu",
      "relu -> convolution 1x1, relu",
      "convolution 1x1, relu -> convolution 3x3, relu",
      "convolution 3x3, relu -> convolution 1x1",
      "convolution 1x1 -> add",
      "input -> add",
    ]);
  });

  it("leaves out a map that gives a size alone", () => {
    const { nodes, arrows } = fold("refinenet-lw-50", "fusion2");
    expect(nodes.filter(({ title }) => title === "input").map(({ shape }) => shape)).toEqual([
      [512, 2, 2],
      [256, 4, 4],
    ]);
    expect(arrows.toSorted()).toEqual(
      [
        "input -> convolution 1x1",
        "input -> convolution 1x1",
        "convolution 1x1 -> resize",
        "convolution 1x1 -> add",
        "resize -> add",
      ].toSorted(),
    );
  });

  it.each(Object.keys(networks))("holds all of %s in connected boxes of differing names", (name) => {
    const { nodes, arrows } = fold(name);
    const sum = (of: "parameters" | "macs") => nodes.reduce((total, node) => total + node[of], 0);
    const { parameters, macs } = countCost({ network: name, classes: 5, size: [64, 64] });
    expect([sum("parameters"), sum("macs")]).toEqual([parameters.total, macs.total]);
    expect(nodes[0]).toMatchObject({ title: "photo", shape: [3, 64, 64] });
    expect(arrows.length).toBeGreaterThanOrEqual(nodes.length - 1);
    const names = nodes.map((node) => node.name).filter((each) => each !== "");
    expect(new Set(names).size).toBe(names.length);
    // More would not be legible on one page.
    expect(nodes.length).toBeLessThanOrEqual(32);
  });
});
