import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { formatType, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export const pixelPlanesOp = defineOp<[pixels: Tensor], undefined>({
  name: "pixelPlanes",
  infer: ([pixels]) => ({ shape: planesShape("pixelPlanes", pixels) }),
  // Transposed as bytes and cast afterwards: a quarter of the memory.
  onnx: ({ inputs: [pixels] }, onnx) => onnx.cast(onnx.transpose(pixels, [0, 3, 1, 2]), "float32"),
});

const bytePlanesOp = defineOp<[pixels: Tensor], undefined>({
  name: "bytePlanes",
  infer: ([pixels]) => ({ shape: planesShape("bytePlanes", pixels), dtype: "uint8" }),
  onnx: ({ inputs: [pixels] }, onnx) => onnx.transpose(pixels, [0, 3, 1, 2]),
});

function planesShape(where: string, pixels: Tensor): Shape {
  const [n, h, w, c, ...rest] = pixels.shape;
  if (pixels.dtype === "uint8" && n !== undefined && h !== undefined && w !== undefined && c === 3)
    if (rest.length === 0) return [n, c, h, w];
  throw invalidGraph(where, "pixels", "must be photos, uint8 [N, H, W, 3]", formatType(pixels));
}

/** Photos as feature maps: bytes `[N, H, W, 3]` to float32 `[N, 3, H, W]`, 0..255. */
export function pixelPlanes(pixels: Tensor): Tensor {
  return pixelPlanesOp([pixels], undefined);
}

/** Photos as planes of bytes: uint8 `[N, H, W, 3]` to uint8 `[N, 3, H, W]`. */
export function bytePlanes(pixels: Tensor): Tensor {
  return bytePlanesOp([pixels], undefined);
}
