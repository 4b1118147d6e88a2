import type { Preprocessing } from "../models/preprocessing.ts";
import type { Random } from "../random.ts";
import { between } from "./between.ts";

/** How the colors of training samples are varied. */
export interface ColorOptions {
  /**
   * Brightness, contrast (about the mean color) and saturation are each multiplied by a factor drawn from
   * `[1 - colorJitter, 1 + colorJitter]`; 0..1, default 0, which leaves the colors alone.
   */
  readonly colorJitter?: number;
  /**
   * Random gamma: values v, 0..255, become `255 (v / 255)^e`, with e drawn log-uniformly from `[1 / (1 +
   * gamma), 1 + gamma]`. At least 0; default 0, which changes and draws nothing.
   */
  readonly gamma?: number;
  readonly preprocessing: Preprocessing;
}

/**
 * Each channel v becomes 255 (v / 255)^gamma, then v * gain + bias, then moves from its pixel's gray by the
 * saturation.
 */
export interface ColorChange {
  readonly gamma: number;
  readonly gain: number;
  readonly bias: readonly [red: number, green: number, blue: number];
  readonly saturation: number;
}

/** Draws brightness, contrast, saturation and gamma, in this order. */
export function drawColorChange(
  { colorJitter = 0, gamma = 0, preprocessing }: ColorOptions,
  random: Random,
): ColorChange {
  const range = [1 - colorJitter, 1 + colorJitter] as const;
  const brightness = between(range, random);
  const contrast = between(range, random);
  const saturation = between(range, random);
  // Drawn last, and only if asked for, so that resumed trainings of early versions keep their draws.
  const exponent = gamma === 0 ? 1 : (1 + gamma) ** between([-1, 1], random);
  const [red, green, blue] = preprocessing.mean;
  // Contrast: (v - mean) * contrast + mean, where mean / scale is the mean in pixel values.
  const bias = (1 - contrast) / preprocessing.scale;
  return {
    gamma: exponent,
    gain: brightness * contrast,
    bias: [red * bias, green * bias, blue * bias],
    saturation,
  };
}

/** The bytes of a photo that was exposed otherwise. */
export function changeGamma(bytes: Uint8Array, gamma: number): Uint8Array {
  const changed = Uint8Array.from({ length: 256 }, (_, value) => Math.round(255 * (value / 255) ** gamma));
  return bytes.map((value) => changed[value] ?? 0);
}
