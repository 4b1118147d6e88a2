import { describe, expect, it } from "vitest";
import { drawNetwork } from "../../src/drawing/draw-network.ts";

const options = { network: "refinenet-lw-mobilenet-v2", classes: 21, size: [64, 64] } as const;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function boxesOf(svg: string): Box[] {
  const found = svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx/g);
  return [...found].map(([, x, y, width, height]) => ({
    x: Number(x),
    y: Number(y),
    width: Number(width),
    height: Number(height),
  }));
}

describe("drawNetwork", () => {
  it("draws boxes that do not overlap, inside the picture, and an arrow for each edge", () => {
    const svg = drawNetwork(options);
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)?.map(Number) ?? [];
    const boxes = boxesOf(svg);
    expect(boxes).toHaveLength(18);
    for (const [index, box] of boxes.entries()) {
      expect(box.x + box.width).toBeLessThan(width ?? 0);
      expect(box.y + box.height).toBeLessThan(height ?? 0);
      for (const other of boxes.slice(index + 1)) {
        const apartX = box.x + box.width <= other.x || other.x + other.width <= box.x;
        const apartY = box.y + box.height <= other.y || other.y + other.height <= box.y;
        expect(apartX || apartY).toBe(true);
      }
    }
    // 7 between stages, one to each fusion from its stages (2, 2, 1, 1), 3 from CRPs, 4 into CRPs, and two
    // more: from the photo and to the classifier.
    expect(svg.match(/marker-end/g)).toHaveLength(22);
    expect(svg).toContain("3.28 M parameters");
    expect(svg).toContain(">crp4</text>");
  });

  it("draws one block", () => {
    const svg = drawNetwork({ ...options, block: "crp1" });
    expect(boxesOf(svg)).toHaveLength(1 + 4 * 3);
    expect(svg).toContain("light-weight CRP of refinenet-lw-mobilenet-v2: crp1");
  });

  it("knows the blocks of a network", () => {
    expect(() => drawNetwork({ ...options, block: "crp9" })).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", message: expect.stringMatching(/known: layer1, .*crp1/) }),
    );
  });
});
