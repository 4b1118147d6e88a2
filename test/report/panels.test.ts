import { describe, expect, it } from "vitest";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { makePanel, type PanelOptions } from "../../src/report/panels.ts";

const palette = [
  [0, 0, 200],
  [0, 200, 0],
] as const;

/** A gray photo; truth in thirds: class 0, class 1, ignored; the prediction is class 0 everywhere. */
function options(width: number, height: number): PanelOptions {
  const pixels = width * height;
  const third = (pixel: number) => Math.floor(((pixel % width) * 3) / width);
  return {
    id: "a",
    photo: { width, height, data: new Uint8Array(pixels * 3).fill(90) },
    truth: {
      width,
      height,
      data: Uint8Array.from({ length: pixels }, (_, pixel) => [0, 1, 255][third(pixel)] ?? 0),
    },
    prediction: { width, height, data: new Uint8Array(pixels) },
    palette,
  };
}

async function draw(given: PanelOptions) {
  const { id, image } = await makePanel(given);
  expect(id).toBe("a");
  const sheet = await decodePhoto(Buffer.from(image.replace("data:image/jpeg;base64,", ""), "base64"));
  const pixel = (x: number, y: number) => [...sheet.data.subarray((y * sheet.width + x) * 3).subarray(0, 3)];
  return { ...sheet, pixel };
}

describe("makePanel", () => {
  it("draws photo and truth above prediction and errors", async () => {
    const { width, height, pixel } = await draw(options(96, 48));
    // Two of 96 x 48 with 6 pixels between.
    expect([width, height]).toEqual([198, 102]);
    const right = 102;
    const below = 54;
    const expected: [x: number, y: number, color: number[]][] = [
      [48, 24, [90, 90, 90]],
      [right + 16, 24, [0, 0, 200]],
      [right + 48, 24, [0, 200, 0]],
      [right + 80, 24, [150, 150, 150]],
      [80, below + 24, [0, 0, 200]],
      [right + 16, below + 24, [240, 240, 240]],
      [right + 48, below + 24, [214, 39, 40]],
      [right + 80, below + 24, [150, 150, 150]],
      [99, 51, [255, 255, 255]],
    ];
    // What JPEG changes.
    for (const [x, y, color] of expected)
      for (const [channel, value] of pixel(x, y).entries())
        expect(Math.abs(value - (color[channel] ?? 0)), `${x}, ${y}`).toBeLessThanOrEqual(8);
  });

  it("shrinks each picture to 320 pixels on its longer side", async () => {
    const { width, height } = await draw(options(30, 960));
    expect([width, height]).toEqual([10 + 6 + 10, 320 + 6 + 320]);
  });

  it.each(["truth", "prediction"] as const)("refuses a %s of another size", async (argument) => {
    const given = { ...options(6, 4), [argument]: { width: 4, height: 6, data: new Uint8Array(24) } };
    await expect(makePanel(given)).rejects.toMatchObject({
      code: "INVALID_IMAGE",
      details: { where: "makePanel", argument, value: "4 x 6" },
    });
  });
});
