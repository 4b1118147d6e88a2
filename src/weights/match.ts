import { sameShape } from "../graph/shape.ts";
import type { Weights } from "../models/weights.ts";
import { quote } from "./invalid.ts";

/** How the tensors of a file fit the parameters that a network expects. */
export interface WeightsMatch {
  /** Tensors whose name and shape are expected, in the order of the network. */
  used: Weights;
  /** Expected names that the file does not hold. */
  missing: string[];
  /** Names in the file that the network does not know. */
  unexpected: string[];
  /** Names that both know, with different shapes. */
  misshaped: { name: string; expected: readonly number[]; found: readonly number[] }[];
}

/** PyTorch's batch norm counts its training steps; nothing in a network reads the count. */
const STEP_COUNTER = "num_batches_tracked";
/** Names are grouped by so many of their parts at most: more would say little more. */
const MAX_PARTS = 8;
/** Names that fit a line and cannot move the cursor of a terminal; others, of a forged file, are quoted. */
const PLAIN_NAME = /^\P{C}{1,100}$/u;

/**
 * Pairs the tensors of a file with the parameters (name to shape) that a network expects; never throws.
 *
 * @param others names of tensors of the file that were not read
 */
export function matchWeights(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: Weights,
  others: readonly string[] = [],
): WeightsMatch {
  const match: WeightsMatch = { used: new Map(), missing: [], unexpected: [], misshaped: [] };
  for (const [name, shape] of expected) {
    const tensor = weights.get(name);
    if (tensor === undefined) match.missing.push(name);
    else if (sameShape(shape, tensor.shape)) match.used.set(name, tensor);
    else match.misshaped.push({ name, expected: shape, found: tensor.shape });
  }
  for (const name of [...weights.keys(), ...others]) {
    if (!expected.has(name) && !name.endsWith(STEP_COUNTER)) match.unexpected.push(name);
  }
  return match;
}

/**
 * A match as text of several lines: counts, then at most `limit` lines (default 10) for each kind of
 * difference.
 *
 * With more names, names that begin alike share a line: `layer4.* (34)`.
 */
export function describeMatch(match: WeightsMatch, limit = 10): string {
  const { used, missing, misshaped, unexpected } = match;
  const shapes = misshaped.map(
    ({ name, expected, found }) =>
      `${printable(name)}: expected [${expected.join(", ")}], found [${found.join(", ")}]`,
  );
  return [
    `${used.size} of ${used.size + missing.length + misshaped.length} parameters found`,
    ...section(`${missing.length} missing`, groupNames(missing, limit), limit),
    ...section(`${misshaped.length} with another shape`, oneByOne(shapes), limit),
    ...section(`${unexpected.length} not part of the network`, groupNames(unexpected, limit), limit),
  ].join("\n");
}

/**
 * Three names of a file beside three that the network expects, where not one is both; undefined otherwise.
 *
 * For the hint of an error: the names show what `lightseg convert --rename` must change.
 */
export function describeNames({ used, misshaped, missing, unexpected }: WeightsMatch): string | undefined {
  if (used.size > 0 || misshaped.length > 0) return undefined;
  if (unexpected.length === 0) return "it holds no tensors";
  const list = (names: readonly string[]) => names.slice(0, 3).map(quote).join(", ");
  return (
    `it holds ${list(unexpected)} where ${list(missing)} are expected; ` +
    "lightseg convert --rename FROM=TO changes names"
  );
}

/** Lines, each with the number of names that it stands for. */
type Lines = readonly (readonly [line: string, names: number])[];

function section(title: string, lines: Lines, limit: number): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, limit).map(([line]) => `  ${line}`);
  const hidden = lines.slice(limit).reduce((sum, [, names]) => sum + names, 0);
  return [`${title}:`, ...shown, ...(hidden > 0 ? [`  and ${hidden} more`] : [])];
}

/** By as many parts of the names as give no more than `limit` lines, at least by the first. */
function groupNames(names: readonly string[], limit: number): Lines {
  if (names.length <= limit) return oneByOne(names.map(printable));
  let lines = groupByParts(names, 1);
  for (let parts = 2; parts <= MAX_PARTS; parts++) {
    const finer = groupByParts(names, parts);
    if (finer.length > limit) break;
    lines = finer;
  }
  return lines;
}

function groupByParts(names: readonly string[], parts: number): Lines {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const start = name.split(".", parts).join(".");
    const group = groups.get(start);
    if (group) group.push(name);
    else groups.set(start, [name]);
  }
  return [...groups].map(([start, group]) => {
    const [name = start] = group;
    const line = group.length === 1 ? printable(name) : `${printable(start)}.* (${group.length})`;
    return [line, group.length];
  });
}

function printable(name: string): string {
  return PLAIN_NAME.test(name) ? name : quote(name);
}

function oneByOne(lines: readonly string[]): Lines {
  return lines.map((line) => [line, 1]);
}
