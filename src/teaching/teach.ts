/**
 * Teaching: fine-tuning on a few photos with a few labelled pixels each (strokes), in seconds. Takes photos
 * and engine from outside and knows no platform.
 */
import { checkInteger } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { checkLabels, checkPhoto } from "../images/check.ts";
import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { Palette } from "../images/types.ts";
import { describeNetwork, type Model } from "../model-files/model.ts";
import { backboneOf, nameNetwork } from "../models/zoo.ts";
import type { Engine } from "../runtime/session.ts";
import type { LabelledPhoto } from "../training/samples.ts";
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
  checkInteger(longSide, "fineTune", "longSide", 64, 2048);
  checkInteger(options.steps ?? 1, "fineTune", "steps");
  checkClasses(classes);
  checkSamples(options.samples);
  const photos = fitPhotos(options.samples, longSide);
  const counts = countClasses(photos.counts, classes);
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
    ...{ layers, network, photos, seed, engine },
    classWeights: balance(counts),
    preprocessing: description.preprocessing,
    onWeights: onModel && ((weights) => onModel({ ...description, weights })),
  });
  return { ...description, weights };
}

function checkClasses(classes: readonly TaughtClass[]): void {
  if (classes.length < 2 || classes.length > 64)
    throw refuse("classes", "must be 2 to 64 classes", classes.length, "what is not wanted is a class too");
  const names = classes.map(({ name }) => name);
  const twice = names.find((name, index) => name.trim() === "" || names.indexOf(name) !== index);
  if (twice !== undefined) throw refuse("classes", "must have names that differ", twice);
}

function checkSamples(samples: readonly LabelledPhoto[]): void {
  if (samples.length < 1 || samples.length > 100)
    throw refuse("samples", "must be 1 to 100 photos", samples.length);
  for (const { photo, labels } of samples) {
    checkPhoto(photo, "fineTune");
    checkLabels(labels, "fineTune");
    if (photo.width !== labels.width || photo.height !== labels.height)
      throw refuse("samples", "must have labels of the photo's size", `${labels.width}x${labels.height}`);
  }
}

/** Pixels of each class, at least one. @param counts pixels of each label */
function countClasses(counts: Float64Array, classes: readonly TaughtClass[]): Float64Array {
  const beyond = counts.findIndex(
    (count, label) => count > 0 && label >= classes.length && label !== IGNORE_LABEL,
  );
  if (beyond >= 0) throw refuse("samples", `must have labels below ${classes.length}, or 255`, beyond);
  const absent = classes.find((_, label) => !counts[label]);
  if (!absent) return counts.slice(0, classes.length);
  const hint = "paint more of it, or leave the class out";
  throw refuse("samples", "must have labelled pixels of each class", absent.name, hint);
}

/** Weights with which every class counts the same in the loss, with a mean of 1. */
function balance(counts: Float64Array): number[] {
  const weights = Array.from(counts, (count) => 1 / count);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}

function paletteOf(classes: readonly TaughtClass[]): Palette {
  const standard = vocPalette(classes.length + 1).slice(1);
  return classes.map(({ color }, index) => color ?? standard[index] ?? [0, 0, 0]);
}

function refuse(argument: string, rule: string, value: unknown, hint?: string): LightsegError {
  return new LightsegError({
    ...{ code: "INVALID_ARGUMENT", where: "fineTune", argument, rule, value },
    ...(hint !== undefined && { hint }),
  });
}
