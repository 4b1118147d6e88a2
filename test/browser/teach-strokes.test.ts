import { describe, expect, it } from "vitest";
import { Strokes, UNPAINTED } from "../../demo/src/teach/strokes.ts";

/** The labels as rows of text: a digit a class, a point where nothing is painted. */
function draw({ width, labels }: Strokes): string[] {
  const text = [...labels].map((label) => (label === UNPAINTED ? "." : String(label))).join("");
  return text.match(new RegExp(`.{${width}}`, "g")) ?? [];
}

function paint(strokes: Strokes, from: [number, number], to: [number, number], label: number, radius = 0.5) {
  strokes.begin();
  strokes.paint({ x: from[0], y: from[1] }, { x: to[0], y: to[1] }, { radius, label });
  return strokes.end();
}

describe("Strokes", () => {
  it("paints between points, round, and not beyond the picture", () => {
    const strokes = new Strokes(6, 4);
    paint(strokes, [1, 1], [4, 1], 0);
    paint(strokes, [5, 3], [9, 3], 2, 1);
    expect(draw(strokes)).toEqual(["......", ".0000.", ".....2", "....22"]);
    expect(paint(strokes, [50, 50], [60, 60], 1)).toBe(false);
  });

  it("takes strokes back and does them again; a new one ends that", () => {
    const strokes = new Strokes(3, 1);
    paint(strokes, [0, 0], [1, 0], 0);
    paint(strokes, [1, 0], [2, 0], 1);
    strokes.undo();
    expect(draw(strokes)).toEqual(["00."]);
    strokes.redo();
    expect(draw(strokes)).toEqual(["011"]);
    strokes.undo();
    strokes.undo();
    expect([draw(strokes), strokes.canUndo, strokes.canRedo]).toEqual([["..."], false, true]);
    paint(strokes, [2, 0], [2, 0], 1);
    expect([strokes.redo(), draw(strokes)]).toEqual([undefined, ["..1"]]);
  });

  it("gives up the stroke that is being painted", () => {
    const strokes = new Strokes(3, 1);
    paint(strokes, [0, 0], [0, 0], 0);
    strokes.begin();
    strokes.paint({ x: 0, y: 0 }, { x: 2, y: 0 }, { radius: 0.5, label: UNPAINTED });
    strokes.cancel();
    expect([strokes.end(), draw(strokes)]).toEqual([false, ["0.."]]);
  });

  it("takes a class away, and moves later ones up", () => {
    const strokes = new Strokes(4, 1, Uint8Array.of(0, 1, 2, UNPAINTED));
    strokes.removeClass(1);
    expect(draw(strokes)).toEqual(["0.1."]);
  });
});
