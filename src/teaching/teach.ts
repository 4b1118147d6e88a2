/**
 * Teaching: fine-tuning on a few photos with a few labelled pixels each (strokes), in seconds. Takes photos
 * and engine from outside and knows no platform.
 */
import { LightsegError } from "../errors.ts";
import { vocPalette } from "../images/palette.ts";
import type { Palette } from "../images/types.ts";
import { describeNetwork, type Model } from "../model-files/model.ts";
import { backboneOf, nameNetwork } from "../models/zoo.ts";
import { isOutOfMemory } from "../runtime/engine-error.ts";
import type { Engine } from "../runtime/session.ts";
import { balancedWeights } from "../training/class-weights.ts";
import { requireLabelledClasses } from "./check.ts";
import { fitPhotos } from "./fit-photos.ts";
import type { TaughtClass, TeachingBase, TeachingOptions } from "./options.ts";
import { trainOnFew } from "./train.ts";

/**
 * Fine-tunes a network on a few photos, of which only some pixels need a label.
 *
 * The loss weighs classes equally, whatever the number of their pixels.
 *
 * @throws LightsegError INVALID_ARGUMENT for classes, samples or options out of range, INVALID_IMAGE for a
 *   damaged sample, INVALID_WEIGHTS if the base lacks the encoder, RUNTIME if the engine fails or the loss is
 *   no longer a number; the signal's reason
 */
export async function teach(base: TeachingBase, options: TeachingOptions, engine: Engine): Promise<Model> {
  const { classes, layers = "head", longSide = 480, seed = 0 } = options;
  const photos = await fitPhotos(options.samples, longSide);
  const counts = requireLabelledClasses(photos.counts, classes);
  const network =
    layers === "head"
      ? nameNetwork({ backbone: backboneOf(base.network), decoder: "hypercolumn" })
      : base.network;
  const description = describeNetwork(network, {
    classes: classes.map(({ name }) => name),
    palette: paletteOf(classes),
  });
  const { onModel } = options;
  const weights = await trainOnFew(base.weights, {
    ...options,
    layers,
    network,
    photos,
    seed,
    engine,
    classWeights: balancedWeights(counts),
    preprocessing: description.preprocessing,
    onWeights: onModel && ((weights) => onModel({ ...description, weights })),
  }).catch((error: unknown) => {
    throw explainMemory(error, Math.max(...photos.crop));
  });
  return { ...description, weights };
}

/** Says which size takes a quarter of the memory, where it was short. @param size the longest side now */
function explainMemory(error: unknown, size: number): unknown {
  if (!isOutOfMemory(error)) return error;
  const hint = `longSide ${Math.max(64, Math.floor(size / 2))} takes a quarter of it`;
  const rule = `must suffice: the engine ${error.details.rule}`;
  return new LightsegError({ ...error.details, where: "fineTune", argument: "memory", rule, hint });
}

function paletteOf(classes: readonly TaughtClass[]): Palette {
  const standard = vocPalette(classes.length + 1).slice(1);
  return classes.map(({ color }, index) => color ?? standard[index] ?? [0, 0, 0]);
}
