import { LightsegError } from "../errors.ts";
import { sameShape } from "../graph/shape.ts";
import type { Weights } from "../models/weights.ts";
import { checkWeights, tensorNamed } from "./invalid.ts";

/**
 * The mean of two sets of weights, value by value. Weights fine-tuned from the same ones often do better
 * together than each alone (Wortsman et al. 2022, "Model soups").
 *
 * @param file names the second file in errors
 * @throws LightsegError INVALID_WEIGHTS if names or shapes differ
 */
export function averageWeights(weights: Weights, others: Weights, file: string): Weights {
  checkWeights(weights, "averageWeights");
  checkWeights(others, "averageWeights", "others");
  for (const name of others.keys())
    if (!weights.has(name)) throw refusal(file, name, "must be in both files");
  return new Map(
    [...weights].map(([name, { shape, data }]) => {
      const other = others.get(name);
      if (!other) throw refusal(file, name, "must be in both files");
      if (!sameShape(shape, other.shape))
        throw refusal(file, name, `must have the shape [${shape}]`, other.shape);
      return [name, { shape, data: data.map((value, at) => (value + (other.data[at] ?? 0)) / 2) }] as const;
    }),
  );
}

function refusal(file: string, name: string, rule: string, value?: unknown): LightsegError {
  const argument = tensorNamed(name);
  return new LightsegError({ code: "INVALID_WEIGHTS", where: "averageWeights", file, argument, rule, value });
}
