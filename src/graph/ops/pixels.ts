import { LightsegError } from "../../errors.ts";
import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { formatShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

const pixelPlanesOp = defineOp<[pixels: Tensor], undefined>({
  name: "pixelPlanes",
  infer([{ shape, dtype }]) {
    const [n, h, w, c] = shape;
    if (
      shape.length === 4 &&
      dtype === "uint8" &&
      n !== undefined &&
      h !== undefined &&
      w !== undefined &&
      c === 3
    )
      return { shape: [n, c, h, w] };
    throw new LightsegError({
      code: "INVALID_GRAPH",
      where: "pixelPlanes",
      argument: "pixels",
      rule: "must be photos, uint8 [N, H, W, 3]",
      value: `${dtype} ${formatShape(shape)}`,
    });
  },
  // Moved as bytes and made floats afterwards: a quarter of the memory.
  onnx({ inputs: [pixels] }, onnx) {
    const planes = onnx.transpose(onnx.name(pixels), [0, 3, 1, 2]);
    return onnx.node("Cast", [planes], { to: TensorProto_DataType.FLOAT });
  },
});

/** Photos as feature maps: bytes `[N, H, W, 3]` to float32 `[N, 3, H, W]`, 0..255. */
export function pixelPlanes(pixels: Tensor): Tensor {
  return pixelPlanesOp([pixels], undefined);
}
