import { quote, refuseWeights } from "./invalid.ts";

/** Parts of names, between dots, and what they become; nothing where `to` is empty. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/**
 * New names for all names in a file: each renaming in turn replaces whole parts wherever they occur, so that
 * `backbone=encoder` makes `encoder.conv.weight` of `backbone.conv.weight` and leaves `backbone2.conv.weight`
 * alone.
 *
 * @throws LightsegError INVALID_WEIGHTS if a renaming changes no name, leaves nothing of one, or makes two
 *   equal
 */
export function renameAll(
  names: readonly string[],
  renamings: readonly Renaming[],
  file: string,
): Map<string, string> {
  let renamed = names;
  for (const { from, to } of renamings) {
    const before = renamed;
    renamed = before.map((name) => replaceParts(name, from, to));
    const rule = `must contain ${quote(from)} as whole parts between dots, to become ${quote(to)}`;
    if (renamed.every((name, i) => name === before[i]))
      refuseWeights(file, "a name of a tensor", rule, { value: names.slice(0, 3) });
  }
  const sources = new Map<string, string>();
  renamed.forEach((name, i) => {
    const source = names[i] ?? "";
    const other = sources.get(name);
    if (other !== undefined)
      refuseWeights(
        file,
        "the new names",
        `must differ: ${quote(other)} and ${quote(source)} both become ${quote(name)}`,
      );
    if (name === "" && source !== "")
      refuseWeights(file, "the new names", `must leave something of ${quote(source)}`);
    sources.set(name, source);
  });
  return new Map(renamed.map((name, i) => [names[i] ?? "", name]));
}

function replaceParts(name: string, from: string, to: string): string {
  const wanted = from.split(".");
  const parts = name.split(".");
  const replaced: string[] = [];
  for (let at = 0; at < parts.length; ) {
    const isHere = wanted.every((part, i) => parts[at + i] === part);
    const added = isHere ? to : parts[at];
    if (added || !isHere) replaced.push(added ?? "");
    at += isHere ? wanted.length : 1;
  }
  return replaced.join(".");
}
