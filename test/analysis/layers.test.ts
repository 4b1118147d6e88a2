import { describe, expect, it } from "vitest";
import { listLayers } from "../../src/analysis/layers.ts";
import { buildNetwork } from "../../src/models/network.ts";

const layersOf = (network: string) => listLayers(buildNetwork({ network, classes: 3, size: [1, 32, 64] }));

describe("listLayers", () => {
  it("describes a convolution, with the parameters of its batch norm", () => {
    expect(layersOf("refinenet-lw-50")[0]).toEqual({
      name: "conv1",
      part: "encoder",
      op: "convolution",
      detail: "7x7, stride 2",
      input: [1, 3, 32, 64],
      output: [1, 64, 16, 32],
      parameters: 64 * 3 * 49 + 2 * 64,
      macs: 64 * 3 * 49 * 16 * 32,
      pooled: 0,
    });
  });

  it("lists pooling and resizing, which have no parameters", () => {
    const rows = layersOf("refinenet-lw-50").filter(({ op }) => op !== "convolution");
    expect(rows[0]).toMatchObject({ op: "maxPool", detail: "3x3, stride 2", part: "encoder", macs: 0 });
    expect(rows[0]?.pooled).toBe(64 * 8 * 16 * 9);
    expect(rows.filter(({ op }) => op === "maxPool").length).toBe(1 + 4 * 4);
    expect(rows.filter(({ op }) => op === "resize").length).toBe(3);
  });

  it("tells groups and dilation", () => {
    const rows = layersOf("ndnet45");
    const block = rows.find(({ name }) => name === "features.block5.1.conv1.dwconv");
    expect(block?.detail).toBe("3x3, dilation 2, depthwise");
  });

  it("keeps the parameters of norms that follow no convolution", () => {
    const rows = layersOf("refinenet-lw+van-b0");
    const norm = rows.find(({ name }) => name === "block1.0.norm1");
    expect(norm).toMatchObject({ op: "batchNorm", parameters: 64, macs: 0, part: "encoder" });
    const total = rows.filter(({ part }) => part === "encoder").reduce((sum, row) => sum + row.parameters, 0);
    expect(total).toBe(3_848_800);
  });
});
