/**
 * The derivative of max-pooling with one winner a window, as PyTorch has it.
 *
 * Comparing x with the pooled maximum would give the gradient to every tied position. Chained pooling makes plateaus,
 * so ties are common, and the error grows from pool to pool. Instead the maximum is taken as a chain of
 * pairwise maxima, each of which has one winner:
 *
 *   a window of 5 is a chain with the shifts 1, 2, 1:  m2[q] = max(x[q], x[q+1]),  m4[q] = max(m2[q], m2[q+2]),  m5[q] = max(m4[q], m4[q+1])
 *
 * first along the rows, then along the columns. Where both are equal the earlier one wins: the top row, and in it the
 * leftmost place, which is PyTorch's choice. Backwards, each link gives `dm` to its winner:
 *
 *   s = [m[q] >= m[q+t]],   dm[q] = dnext[q] s[q] + dnext[q-t] (1 - s[q-t])
 *
 * All this moves much memory, so it is done by a Scan over groups of channels that stay in the cache, each laid
 * out as one long row: a shift by t places, or by t lines, is then one block copy. What wraps over a border lands
 * in the padding, where dy is zero.
 */
import type { OnnxBuilder } from "../onnx/builder.ts";
import { describeValue } from "../onnx/builder.ts";
import { defineOp, type Tensor } from "../tensor.ts";
import type { PoolingAttributes } from "./pooling.ts";

interface GradientAttributes extends PoolingAttributes {
  /** `[N, C, H, W]` of the input, and of the pooled map. */
  readonly shape: readonly number[];
  readonly output: readonly number[];
}

/** Smaller than any activation, and finite, so that the difference of two of them is 0 and not NaN. */
const LOWEST = -1e38;
/** Values of a padded group of channels, chosen by measurement: a dozen such arrays share a core's cache. */
const GROUP_VALUES = 40_000;

const gradientOp = defineOp<[x: Tensor, dy: Tensor], GradientAttributes>({
  name: "maxPoolGradient",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx({ inputs: [x, dy], attributes }, onnx) {
    const { kernel, stride, padding, shape, output } = attributes;
    const [n = 1, c = 1, h = 1, w = 1] = shape;
    const padded = [h + 2 * padding, w + 2 * padding] as const;
    const places = [padded[0] - kernel + 1, padded[1] - kernel + 1] as const;
    const upstream = spread(onnx, onnx.name(dy), output, stride, places);

    const channels = groupSize(n * c, padded[0] * padded[1]);
    const groups = (n * c) / channels;
    const body = onnx.body();
    const gradient = chainGradient(body, { channels, map: [h, w], padding, padded, places, kernel });
    const graph = body.finish("maxPoolGradient", [describeValue(gradient, [channels, h, w], "float32")]);
    const result = onnx.node(
      "Scan",
      [
        onnx.reshape(onnx.name(x), [groups, channels, h, w]),
        onnx.reshape(upstream, [groups, channels, places[0], places[1]]),
      ],
      { body: graph, num_scan_inputs: 2 },
    );
    return onnx.reshape(result, shape);
  },
});

export function maxPoolGradient(x: Tensor, dy: Tensor, attributes: GradientAttributes): Tensor {
  return gradientOp([x, dy], attributes);
}

/** dy of a strided pool as dy of the same pool without stride: zero at the places that the stride steps over. */
function spread(
  onnx: OnnxBuilder,
  dy: string,
  [n = 1, c = 1, h = 1, w = 1]: readonly number[],
  stride: number,
  places: readonly [number, number],
): string {
  if (stride === 1) return dy;
  const apart = onnx.node("Pad", [
    onnx.reshape(dy, [n, c, h, 1, w, 1]),
    onnx.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, stride - 1, 0, stride - 1]),
  ]);
  const flat = onnx.reshape(apart, [n, c, h * stride, w * stride]);
  return onnx.node("Pad", [
    flat,
    onnx.ints([0, 0, 0, 0, 0, 0, places[0] - h * stride, places[1] - w * stride]),
  ]);
}

interface Chain {
  channels: number;
  map: readonly [number, number];
  padding: number;
  padded: readonly [number, number];
  places: readonly [number, number];
  kernel: number;
}

function chainGradient(
  body: OnnxBuilder,
  { channels, map: [h, w], padding, padded, places, kernel }: Chain,
): string {
  const [height, width] = padded;
  const x = body.input("x", [channels, h, w]);
  const dy = body.input("dy", [channels, places[0], places[1]]);
  const length = channels * height * width;
  const shifts = shiftsOf(kernel);

  const links: { wins: string; shift: number }[] = [];
  const pads = body.ints([0, padding, padding, 0, padding, padding]);
  let maximum = body.reshape(body.node("Pad", [x, pads, body.float(LOWEST)]), [length]);
  for (const shift of [...shifts, ...shifts.map((lines) => lines * width)]) {
    const later = moveTowardsStart(body, maximum, shift);
    const difference = body.node("Sub", [maximum, later]);
    // 1 where the difference is 0 or more, else 0.
    const wins = body.node("HardSigmoid", [difference], { alpha: { float: 1e30 }, beta: { float: 1 } });
    links.push({ wins, shift });
    if (links.length < 2 * shifts.length) maximum = body.node("Max", [maximum, later]);
  }

  const end = body.ints([0, 0, 0, 0, height - places[0], width - places[1]]);
  let gradient = body.reshape(body.node("Pad", [dy, end]), [length]);
  for (const { wins, shift } of links.reverse()) {
    const first = body.node("Mul", [gradient, wins]);
    const second = body.node("Sub", [gradient, first]);
    gradient = body.node("Add", [first, moveTowardsEnd(body, second, shift)]);
  }
  return body.slice(body.reshape(gradient, [channels, height, width]), {
    axes: [1, 2],
    starts: [padding, padding],
    ends: [padding + h, padding + w],
  });
}

/** The shifts of the chain that makes a window: doubling, and a last link that overlaps. */
export function shiftsOf(kernel: number): number[] {
  const shifts: number[] = [];
  let size = 1;
  for (; size * 2 <= kernel; size *= 2) shifts.push(size);
  if (size < kernel) shifts.push(kernel - size);
  return shifts;
}

function moveTowardsStart(body: OnnxBuilder, row: string, shift: number): string {
  return body.node("Pad", [row, body.ints([-shift, shift]), body.float(LOWEST)]);
}

function moveTowardsEnd(body: OnnxBuilder, row: string, shift: number): string {
  return body.node("Pad", [row, body.ints([shift, -shift])]);
}

/** The largest divisor of all channels whose padded maps stay within GROUP_VALUES. */
function groupSize(channels: number, mapValues: number): number {
  let size = Math.max(1, Math.min(channels, Math.floor(GROUP_VALUES / mapValues)));
  while (channels % size !== 0) size--;
  return size;
}
