import { invalidArgument } from "../check.ts";
import { LightsegError } from "../errors.ts";
import type { Weights } from "../models/weights.ts";

/** @throws LightsegError INVALID_ARGUMENT for anything but weights */
export function checkWeights(weights: Weights, where: string, argument = "weights"): void {
  if (!(weights instanceof Map))
    throw invalidArgument(where, argument, "must be a Map of tensors by name", weights);
}

interface Reason {
  readonly value?: unknown;
  readonly hint?: string | undefined;
}

/** Throws the error for weights that cannot be read; `argument` is the part of the file at fault. */
export function refuseWeights(file: string, argument: string, rule: string, reason: Reason = {}): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", where: "readWeights", file, argument, rule, ...reason });
}

/** Throws the error for a tensor that cannot be written; `where` is the function that would write it. */
export function refuseToEncode(where: string, name: string, rule: string, reason: Reason = {}): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", where, argument: tensorNamed(name), rule, ...reason });
}

/** Text from a file for an error message: quoted, on one line, and cut where a forged file makes it long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** A tensor as error messages name it. */
export function tensorNamed(name: string): string {
  return `tensor ${quote(name)}`;
}
