/**
 * The derivative of max-pooling with one winner a window, as PyTorch has it.
 *
 * Comparing x with the pooled maximum would give the gradient to every tied position. Chained pooling makes
 * plateaus, so ties are common, and the error grows from pool to pool. Instead the maximum is a chain of
 * pairwise maxima, each with one winner:
 *
 *   a window of 5 is a chain with the shifts 1, 2, 1:
 *   m2[q] = max(x[q], x[q+1]),  m4[q] = max(m2[q], m2[q+2]),  m5[q] = max(m4[q], m4[q+1])
 *
 * first along rows, then along columns. On a tie the earlier one wins: the top row, and in it the leftmost
 * place, as in PyTorch. Backwards, each link takes `dm` from losers and gives it to winners:
 *
 *   l = [m[q+t] > m[q]],   lost = dnext l,   dm[q] = dnext[q] - lost[q] + lost[q-t]
 *
 * All this is memory-bound. So it is written as depthwise convolutions with two taps, which ONNX Runtime runs
 * in its NCHWc layout, with the step function and the sum fused: `l` has the taps -1 and 1 and a steep ramp
 * clipped to 0..1, `dm` is added to `dnext`. On a CPU a Scan runs over groups of channels that stay in the
 * cache. WebGPU has no Scan and takes all channels at once. Beyond the border lies padding, where dnext is
 * zero.
 */
import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import type { Shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { spread } from "./spread.ts";
import type { Pair, PoolingAttributes } from "./window.ts";

interface GradientAttributes extends PoolingAttributes {
  /** Shape of the input, and of the pooled map. */
  readonly shape: Shape4;
  readonly output: Shape4;
}

/** Smaller than any activation: those of 4e18 and more have no gradient, since the ramp would not end. */
const LOWEST = -(2 ** 62);
/** Slope of the ramp: differences from 6e-20 on count as 1. A power of two, so equal values give 0. */
const STEEP = 2 ** 64;
/** Values of a padded group of channels, chosen by measurement: some such arrays share a core's cache. */
const GROUP_VALUES = 80_000;
/** Channels side by side in the blocked layout: 16 with AVX-512, 8 on other processors. */
const BLOCK = 16;

const gradientOp = defineOp<[x: Tensor, dy: Tensor], GradientAttributes>({
  name: "maxPoolGradient",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx({ inputs: [x, dy], attributes }, onnx) {
    const { kernel, stride, padding, shape, output } = attributes;
    const [n, c, h, w] = shape;
    const padded: Pair = [h + 2 * padding, w + 2 * padding];
    const places: Pair = [padded[0] - kernel + 1, padded[1] - kernel + 1];
    const upstream = spread(onnx, dy, { shape: output, stride: [stride, stride], size: places });
    const chain = { padding, padded, places, kernel } as const;
    if (onnx.provider === "webgpu") return chainGradient(onnx, [x, upstream], { ...chain, shape });
    const channels = groupSize(n * c, padded[0] * padded[1]);
    const groups = (n * c) / channels;
    const group: Shape4 = [1, channels, h, w];
    const mapOfPlaces = [1, channels, ...places];
    const elements = [
      { name: "x", sequence: onnx.reshape(x, [groups, ...group]), shape: group },
      { name: "dy", sequence: onnx.reshape(upstream, [groups, ...mapOfPlaces]), shape: mapOfPlaces },
    ];
    const result = onnx.scan(
      elements,
      (body, [mapOfGroup = "", dyOfGroup = ""]) =>
        chainGradient(body, [mapOfGroup, dyOfGroup], { ...chain, shape: group }),
      group,
    );
    return onnx.reshape(result, shape);
  },
});

/** The gradient of `maxPool` with respect to x, from x and from dy, the gradient of the result. */
export function maxPoolGradient(x: Tensor, dy: Tensor, attributes: GradientAttributes): Tensor {
  return gradientOp([x, dy], attributes);
}

interface Chain {
  /** Of x and of the result, `[N, C, H, W]`. */
  shape: Shape4;
  padding: number;
  padded: Pair;
  places: Pair;
  kernel: number;
}

/** The gradient from x and from dy `[N, C, ...places]`. */
function chainGradient(
  body: OnnxWriter,
  [x, dy]: readonly [x: OnnxInput, dy: OnnxInput],
  { shape: [, channels, h, w], padding, padded: [height, width], places, kernel }: Chain,
): string {
  const shifts = shiftsOf(kernel);

  const links: { loses: string; shift: Pair }[] = [];
  const pads = body.ints([0, 0, padding, padding, 0, 0, padding, padding]);
  let maximum = body.node("Pad", [x, pads, body.float(LOWEST)]);
  for (const shift of [...shifts.map(across), ...shifts.map(down)]) {
    const ramp = convolve(body, maximum, { taps: [-STEEP, STEEP], shift, channels, pads: [0, 0, ...shift] });
    links.push({ loses: body.node("Clip", [ramp, body.float(0), body.float(1)]), shift });
    // The places between q and q + t change nothing: they are in both windows already.
    const window = { kernel_shape: shift.map((places) => places + 1), pads: [0, 0, ...shift] };
    if (links.length < 2 * shifts.length) maximum = body.node("MaxPool", [maximum], window);
  }

  // A convolution by 1 pads dy with zeros. A Pad would leave the blocked layout (NCHWc).
  const ends = [0, 0, height - places[0], width - places[1]];
  let gradient = convolve(body, dy, { taps: [1], shift: [0, 0], channels, pads: ends });
  for (const { loses, shift } of links.reverse()) {
    const lost = body.node("Mul", [gradient, loses]);
    const moved = convolve(body, lost, { taps: [1, -1], shift, channels, pads: [...shift, 0, 0] });
    gradient = body.node("Add", [moved, gradient]);
  }
  return body.slice(gradient, {
    axes: [2, 3],
    starts: [padding, padding],
    ends: [padding + h, padding + w],
  });
}

function across(places: number): Pair {
  return [0, places];
}

function down(lines: number): Pair {
  return [lines, 0];
}

interface Convolution {
  /** The first at a place itself, the second at the place that lies a shift further. */
  taps: readonly number[];
  shift: Pair;
  channels: number;
  /** Top, left, bottom, right. */
  pads: readonly number[];
}

/** Each channel by itself, all by the same taps. */
function convolve(body: OnnxWriter, x: OnnxInput, { taps, shift, channels, pads }: Convolution): string {
  const size = shift.map((places) => (places > 0 ? 2 : 1));
  const kernels = body.floats(new Array(channels).fill(taps).flat(), [channels, 1, ...size]);
  const dilations = shift.map((places) => Math.max(1, places));
  return body.node("Conv", [x, kernels], { kernel_shape: size, dilations, pads, group: channels });
}

/** The shifts of the chain that makes a window: doubling, and a last link that overlaps. */
function shiftsOf(kernel: number): number[] {
  const shifts: number[] = [];
  let size = 1;
  for (; size * 2 <= kernel; size *= 2) shifts.push(size);
  if (size < kernel) shifts.push(kernel - size);
  return shifts;
}

/** How many channels make a group: whole blocks of as many as fit, where all channels can be divided so. */
function groupSize(channels: number, mapValues: number): number {
  const sizes = Array.from({ length: channels }, (_, index) => index + 1).filter(
    (size) => channels % size === 0,
  );
  const blocks = sizes.filter((size) => size % BLOCK === 0);
  const candidates = blocks.length > 0 ? blocks : sizes;
  return candidates.findLast((size) => size * mapValues <= GROUP_VALUES) ?? candidates[0] ?? 1;
}
