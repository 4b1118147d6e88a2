import { LightsegError } from "../errors.ts";
import type { Photo } from "../images/types.ts";
import { createPredictor, type PredictorOptions } from "../inference/predictor.ts";
import type { Model } from "../model-files/model.ts";
import { relativeError, TOLERANCE } from "../runtime/compare.ts";
import type { TensorData } from "../runtime/session.ts";

/**
 * Checks that a model gives the same on two engines: a small picture of stripes and noise goes through both.
 *
 * Some drivers and some kernels of GPUs give wrong numbers without an error.
 *
 * @throws LightsegError RUNTIME if scores differ by more than 2 % (root mean square, relative)
 */
export async function compareAnswers(
  model: Model,
  engine: PredictorOptions,
  reference: PredictorOptions,
): Promise<void> {
  const photo = testPicture(64, 48);
  const expected = await scoresOf(model, reference, photo);
  const found = await scoresOf(model, engine, photo);
  requireAlike(found, expected, { where: "Segmenter.load", what: "scores" });
}

/** @throws LightsegError RUNTIME if values differ by more than 2 % (root mean square, relative) */
export function requireAlike(
  found: ArrayLike<number>,
  expected: TensorData["data"],
  { where, what }: { where: string; what: string },
): void {
  const error = relativeError(found, expected);
  // Written so that NaN is refused too.
  if (error <= TOLERANCE) return;
  throw new LightsegError({
    ...{ code: "RUNTIME", where, argument: "engine" },
    rule: `must give the same as WebAssembly: ${what} differ by ${(100 * error).toFixed(1)} %`,
  });
}

async function scoresOf(model: Model, options: PredictorOptions, photo: Photo): Promise<TensorData["data"]> {
  const predictor = createPredictor(model, options);
  try {
    return (await predictor.predict(photo)).data;
  } finally {
    await predictor.dispose();
  }
}

/**
 * Stripes with a gradient across them and a little noise: every convolution has edges, flat parts and texture
 * to answer to.
 */
function testPicture(width: number, height: number): Photo {
  const data = new Uint8Array(3 * width * height);
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / 3);
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    const stripe = (x + y) % 24 < 12 ? 140 : 20;
    data[at] = stripe + ((at % 3) * 64 * y) / height / 2 + ((at * 7919) % 31);
  }
  return { width, height, data };
}
