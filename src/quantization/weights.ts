/** A weight as whole numbers: `weight[o, ...]` is about `scales[o] values[o, ...]`. */
export interface QuantizedWeight {
  readonly values: Int8Array;
  /** One for each output channel. */
  readonly scales: Float32Array;
}

/** Largest bias in steps, half of what int32 holds, to leave room for the sum that it is added to. */
const LARGEST_BIAS = 2 ** 30;

/**
 * Quantizes a convolution's weight symmetrically, each output channel with a scale of its own.
 *
 * @param weight `[O, ...]`, row-major
 * @param bias `[O]`; no scale is so small that it could not be stored in steps of `scales[o] inputScale`
 * @param bits 8 for values in ±127, 7 for ±63
 */
export function quantizeWeight(
  weight: Float32Array,
  bias: Float32Array,
  { inputScale, bits }: { inputScale: number; bits: 7 | 8 },
): QuantizedWeight {
  const largest = 2 ** (bits - 1) - 1;
  const channels = bias.length;
  const size = weight.length / channels;
  const scales = new Float32Array(channels);
  const values = new Int8Array(weight.length);
  for (let channel = 0; channel < channels; channel++) {
    const kernel = weight.subarray(channel * size, (channel + 1) * size);
    const magnitude = kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const smallest = Math.abs(bias[channel] ?? 0) / (inputScale * LARGEST_BIAS);
    const scale = Math.fround(Math.max(magnitude / largest, smallest)) || 1;
    scales[channel] = scale;
    for (const [index, value] of kernel.entries())
      values[channel * size + index] = Math.max(-largest, Math.min(largest, Math.round(value / scale)));
  }
  return { values, scales };
}

/** A bias in the steps of the sums that it is added to: `scales[o] inputScale`. */
export function quantizeBias(
  bias: Float32Array,
  { scales, inputScale }: { scales: Float32Array; inputScale: number },
): { values: Int32Array; scales: Float32Array } {
  const steps = scales.map((scale) => scale * inputScale);
  return { values: Int32Array.from(bias, (value, o) => Math.round(value / (steps[o] ?? 1))), scales: steps };
}

/**
 * Bias correction (Nagel et al. 2019, Sec. 4.2): the bias with which each channel keeps its mean under the
 * quantized weight, less by the sum over inputs i of `(quantized - weight)[o, i] mean[i]`.
 *
 * @param means of the input's channels; those of a depthwise convolution are one to a group
 */
export function correctBias(
  bias: Float32Array,
  weight: Float32Array,
  { values, scales }: QuantizedWeight,
  { means, groups }: { means: ArrayLike<number>; groups: number },
): Float32Array {
  const inputs = means.length / groups;
  const size = weight.length / bias.length;
  const kernelSize = size / inputs;
  const outputsPerGroup = bias.length / groups;
  return bias.map((value, channel) => {
    const firstInput = Math.floor(channel / outputsPerGroup) * inputs;
    let shift = 0;
    for (let index = 0; index < size; index++) {
      const at = channel * size + index;
      const error = (values[at] ?? 0) * (scales[channel] ?? 0) - (weight[at] ?? 0);
      shift += error * (means[firstInput + Math.floor(index / kernelSize)] ?? 0);
    }
    return value - shift;
  });
}
