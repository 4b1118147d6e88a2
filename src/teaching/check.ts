import { checkChoice, checkInteger, invalidArgument } from "../check.ts";
import { checkLabels, checkPhoto } from "../images/check.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelledPhoto } from "../training/samples.ts";
import { layers, type TaughtClass, type TeachingOptions } from "./options.ts";

/** What can be checked before pictures are read. Callers may come from plain JavaScript. */
export interface Checked
  extends Partial<Pick<TeachingOptions, "layers" | "longSide" | "steps" | "modelEvery">> {
  readonly classes: readonly TaughtClass[];
  readonly samples: readonly unknown[];
  readonly previews?: readonly unknown[];
}

/**
 * Checks options before anything is downloaded or read.
 *
 * @throws LightsegError INVALID_ARGUMENT for classes, samples or options out of range
 */
export function checkTeaching(options: Checked): void {
  const { classes, samples, previews = [], layers: chosen = "head", longSide, steps, modelEvery } = options;
  checkChoice(chosen, layers, "fineTune", "layers");
  if (longSide !== undefined) checkInteger(longSide, "fineTune", "longSide", 64, 2048);
  if (steps !== undefined) checkInteger(steps, "fineTune", "steps");
  if (modelEvery !== undefined) checkInteger(modelEvery, "fineTune", "modelEvery");
  checkClasses(classes);
  if (!Array.isArray(samples) || samples.length < 1 || samples.length > 100)
    throw refuse("samples", "must be 1 to 100 pictures with labels", samples?.length);
  if (!Array.isArray(previews) || previews.length > 20)
    throw refuse("previews", "must be at most 20 pictures", previews?.length);
}

function checkClasses(classes: readonly TaughtClass[]): void {
  if (!Array.isArray(classes) || classes.length < 2 || classes.length > 64)
    throw refuse("classes", "must be 2 to 64 classes", classes?.length, "what is not wanted is a class too");
  const names = classes.map(({ name }) => name);
  const isName = (name: unknown) => typeof name === "string" && name.trim() !== "";
  const wrong = names.findIndex((name, index) => !isName(name) || names.indexOf(name) !== index);
  if (wrong >= 0) throw refuse("classes", "must have names that differ and are not empty", names[wrong]);
  for (const { color = [] } of classes)
    for (const value of color) checkInteger(value, "fineTune", "classes' color", 0, 255);
}

/**
 * Checks a photo and its labels.
 *
 * @throws LightsegError INVALID_IMAGE for a damaged sample, INVALID_ARGUMENT for labels of another size
 */
export function checkSample({ photo, labels }: LabelledPhoto): void {
  checkPhoto(photo, "fineTune");
  checkLabels(labels, "fineTune");
  if (photo.width !== labels.width || photo.height !== labels.height)
    throw refuse("samples", "must have labels of the photo's size", `${labels.width}x${labels.height}`);
}

/**
 * Pixels of each class, at least one.
 *
 * @param counts pixels of each label
 * @throws LightsegError INVALID_ARGUMENT for a label that is no class, or a class without pixels
 */
export function requireLabelledClasses(counts: Float64Array, classes: readonly TaughtClass[]): Float64Array {
  const beyond = counts.findIndex(
    (count, label) => count > 0 && label >= classes.length && label !== IGNORE_LABEL,
  );
  if (beyond >= 0) throw refuse("samples", `must have labels below ${classes.length}, or 255`, beyond);
  const absent = classes.find((_, label) => !counts[label]);
  if (!absent) return counts.slice(0, classes.length);
  const hint = "paint more of it, or leave the class out";
  throw refuse("samples", "must have labelled pixels of each class", absent.name, hint);
}

function refuse(argument: string, rule: string, value: unknown, hint?: string): Error {
  return invalidArgument("fineTune", argument, rule, value, hint);
}
