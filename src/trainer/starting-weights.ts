import { LightsegError } from "../errors.ts";
import { readParameters } from "../model-files/node/shipped.ts";
import { type InitializationScheme, initialValue } from "../models/initialize.ts";
import { type Network, parameterShapes } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import { describeMatch, matchWeights } from "../weights/match.ts";

/**
 * The parameters that a run begins with: those of a file where they fit, the rest at random.
 *
 * @param file PyTorch checkpoint or safetensors, such as ImageNet weights of the encoder; all is random without
 * @returns the weights, and a text that says what was used, missing and left over
 * @throws LightsegError INVALID_WEIGHTS if the file cannot be read, none of it fits, or parameters of the encoder are not in it
 *   (a network whose encoder begins at random learns little, so that must be wanted)
 */
export async function startingWeights(
  network: Network,
  options: {
    file: string | undefined;
    allowRandomEncoder: boolean;
    seed: number;
    scheme?: InitializationScheme;
  },
): Promise<{ weights: Weights; note: string }> {
  const { file, allowRandomEncoder, seed, scheme } = options;
  const shapes = parameterShapes(network);
  const found = file === undefined ? undefined : await readParameters(file, shapes);
  const match = matchWeights(shapes, found?.weights ?? new Map(), found?.others);
  if (file !== undefined && match.used.size === 0) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "train",
      file,
      argument: "weights",
      rule: "must hold parameters of the network",
      hint: `none of its ${match.unexpected.length + match.misshaped.length} tensors has the name and shape of one`,
    });
  }
  const lost = [...network.encoder].filter((name) => !match.used.has(name));
  if (file !== undefined && !allowRandomEncoder && lost.length > 0) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "train",
      file,
      argument: "weights",
      rule: `must hold the encoder: ${lost.length} of its ${network.encoder.size} parameters are missing or have another shape`,
      value: lost.slice(0, 3).join(", "),
      hint: "is it of another backbone? allowRandomEncoder (--allow-random-encoder) goes on with what is there",
    });
  }
  const weights: Weights = new Map();
  for (const [name, tensor] of network.parameters) {
    weights.set(
      name,
      match.used.get(name) ?? { shape: shapes.get(name) ?? [], data: initialValue(tensor, { seed, scheme }) },
    );
  }
  return {
    weights,
    note: file === undefined ? "all weights begin at random" : `${file}: ${describeMatch(match)}`,
  };
}
