import { at, count, extents, type NdArray } from "./array.ts";

export interface ReferenceConvolution {
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
}

/** `y[n, o, p] = bias[o] + sum over i, k of weight[o, i, k] x[n, i, stride p + dilation k - padding]`. */
export function referenceConvolution(
  x: NdArray,
  weight: NdArray,
  bias: NdArray | undefined,
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 }: ReferenceConvolution,
): NdArray {
  const [batch, channels, h, w] = extents(x);
  const [outputs, inputs, kh, kw] = extents(weight);
  const outHeight = Math.floor((h + 2 * padding[0] - dilation[0] * (kh - 1) - 1) / stride[0]) + 1;
  const outWidth = Math.floor((w + 2 * padding[1] - dilation[1] * (kw - 1) - 1) / stride[1]) + 1;
  const shape = [batch, outputs, outHeight, outWidth];
  const data = new Float64Array(count(shape));

  const valueAt = (n: number, o: number, row: number, column: number) => {
    const firstChannel = Math.floor(o / (outputs / groups)) * inputs;
    let total = bias ? at(bias.data, o) : 0;
    for (let i = 0; i < inputs; i++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const y = row * stride[0] + ky * dilation[0] - padding[0];
          const z = column * stride[1] + kx * dilation[1] - padding[1];
          if (y < 0 || y >= h || z < 0 || z >= w) continue;
          const pixel = at(x.data, ((n * channels + firstChannel + i) * h + y) * w + z);
          total += pixel * at(weight.data, ((o * inputs + i) * kh + ky) * kw + kx);
        }
      }
    }
    return total;
  };

  let index = 0;
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let row = 0; row < outHeight; row++) {
        for (let column = 0; column < outWidth; column++) data[index++] = valueAt(n, o, row, column);
      }
    }
  }
  return { shape, data };
}
