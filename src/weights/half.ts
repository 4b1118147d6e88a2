/**
 * Conversions between float32 and the two 16-bit float formats of weight files.
 *
 * float16 is IEEE 754 binary16 (1 sign, 5 exponent, 10 mantissa bits); bfloat16 is the upper half of a
 * float32.
 */

const HALF_SMALLEST_SUBNORMAL = 2 ** -24;
/** Bits of 2^-14, the smallest float32 that is a normal float16. */
const HALF_SMALLEST_NORMAL_BITS = 0x38800000;
/** Bits of 65520, from where on rounding to nearest even gives infinity (65504 is the largest float16). */
const HALF_OVERFLOW_BITS = 0x477ff000;
const INFINITY_BITS = 0x7f800000;
/** The difference of the exponent biases, 127 - 15, in the place of the float32 exponent. */
const REBIAS = 112 << 23;
/** Adding and subtracting this rounds a small non-negative double to an integer, ties to even. */
const ROUND_TO_INTEGER = 2 ** 52;

/** Widens IEEE 754 float16 bits to float32, exactly. */
export function halfToFloat(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] ?? 0;
    const sign = half & 0x8000;
    const exponent = half & 0x7c00;
    const mantissa = half & 0x03ff;
    if (exponent === 0) {
      const magnitude = mantissa * HALF_SMALLEST_SUBNORMAL;
      floats[i] = sign ? -magnitude : magnitude;
    } else {
      const wide = exponent === 0x7c00 ? INFINITY_BITS : (exponent << 13) + REBIAS;
      bits[i] = (sign << 16) | wide | (mantissa << 13);
    }
  }
  return floats;
}

/** Narrows float32 to IEEE 754 float16 bits, to the nearest, ties to even; beyond 65504 becomes infinity. */
export function floatToHalf(floats: Float32Array): Uint16Array {
  const halves = new Uint16Array(floats.length);
  const value = new Float32Array(1);
  const valueBits = new Uint32Array(value.buffer);
  for (let i = 0; i < floats.length; i++) {
    value[0] = floats[i] ?? 0;
    const bits = valueBits[0] ?? 0;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    halves[i] = sign | halfMagnitude(magnitude, Math.abs(value[0]));
  }
  return halves;
}

/** The 15 lower bits of the float16 nearest to `absolute`, whose float32 bits are `bits`. */
function halfMagnitude(bits: number, absolute: number): number {
  if (bits > INFINITY_BITS) return 0x7e00;
  if (bits >= HALF_OVERFLOW_BITS) return 0x7c00;
  if (bits < HALF_SMALLEST_NORMAL_BITS) {
    return absolute / HALF_SMALLEST_SUBNORMAL + ROUND_TO_INTEGER - ROUND_TO_INTEGER;
  }
  // Half a unit of the last kept bit, less one if that bit is even. It carries exactly where rounding up is
  // right, into the exponent too.
  const roundUp = 0x0fff + ((bits >>> 13) & 1);
  return (bits - REBIAS + roundUp) >>> 13;
}

/** Widens bfloat16 bits to float32, exactly. */
export function bfloat16ToFloat(brains: Uint16Array): Float32Array {
  const bits = new Uint32Array(brains.length);
  for (let i = 0; i < brains.length; i++) bits[i] = (brains[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

/** Rounds float32 to bfloat16 bits, ties to even; infinity from half a step above the largest on. */
export function floatToBfloat16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const brains = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const wide = bits[i] ?? 0;
    const upper = wide >>> 16;
    const notANumber = (wide & 0x7fffffff) > INFINITY_BITS;
    // The quiet bit is set, since what is left of a NaN may otherwise be an infinity.
    brains[i] = notANumber ? upper | 0x40 : (wide + 0x7fff + (upper & 1)) >>> 16;
  }
  return brains;
}
