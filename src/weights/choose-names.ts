import type { OtherNames } from "../models/backbones/other-names.ts";
import type { ChooseNames, ChosenNames, StoredNames } from "./stored-names.ts";

/** The names of a network's parameters. */
export interface ExpectedNames {
  readonly names: Iterable<string>;
  /** Those that are the backbone's: many files keep backbone and decoder under two prefixes. */
  readonly encoder: ReadonlySet<string>;
  /** New names for all in the file, by which they are chosen. Defaults to their own. */
  readonly rename?: (names: readonly string[]) => ReadonlyMap<string, string>;
  /** How other libraries name the backbone's parameters. */
  readonly otherNames?: OtherNames;
}

/** How training scripts name the network among what they save, in the order in which they are looked for. */
export const NETWORK_KEYS = [
  "state_dict",
  "model_state_dict",
  "model_state",
  "model",
  "segmenter",
  "network",
  "net",
  "module",
] as const;
/** How they name the EMA of its weights, which is taken where nothing else is in the file. */
export const AVERAGE_KEYS = [
  "state_dict_ema",
  "model_state_dict_ema",
  "model_ema",
  "ema_state_dict",
  "ema_model",
  "ema",
  "averaged_model",
] as const;
/** Names of encoder and decoder: attributes or keys, or their places in an nn.Sequential. */
export const PARTS = [
  ["encoder", "decoder"],
  ["0", "1"],
] as const;

const WRAPPERS = new Set<string>([...NETWORK_KEYS, ...AVERAGE_KEYS]);
const AVERAGES = new Set<string>(AVERAGE_KEYS);
/** What PyTorch puts into names, at any place: by `torch.compile`, FSDP and activation checkpointing. */
const MARKERS = new Set(["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]);
/** The prefix of `DataParallel`. No network of the zoo has a part of that name. */
const EXPECTED_MARKERS = new Set([...MARKERS, "module"]);
/** The number of averaged steps, a buffer that `torch.optim.swa_utils.AveragedModel` adds. */
const COUNTER = "n_averaged";
/** Most parts of a name that are looked at: a forged name may have millions. */
const MAX_PARTS = 20;

/**
 * The names that seem to be the network's, without what says how it was wrapped: `_orig_mod` anywhere,
 * `module.`, `model.`, `ema.` and their like where all names begin so, in any order, and `encoder.` and
 * `decoder.`, or `0.` and `1.`, where each name begins with one of the two and all differ without.
 */
export function unwrapNames({ main, nesting }: StoredNames): ChosenNames {
  const bare = main.map((name) => name.slice(nesting.length));
  const plain = dropWrappers(dropParts(dropWrappers(dropMarkers(bare))));
  return new Map(main.map((name, i) => [name, plain[i] ?? name]));
}

/**
 * Chooses the tensors that a network expects, whatever the file puts before their names: the prefix that most
 * names of the encoder have, and the one that most of the decoder's have. Of two with as many the state dict
 * comes first, then what is no average, the shorter prefix, and the one that is earlier in the file.
 */
export function chooseExpected({
  names: expectedNames,
  encoder,
  rename,
  otherNames,
}: ExpectedNames): ChooseNames {
  const expected = new Set(expectedNames);
  const parts = [
    new Set([...expected].filter((name) => encoder.has(name))),
    new Set([...expected].filter((name) => !encoder.has(name))),
  ].filter(({ size }) => size > 0);
  return ({ all, main, nesting }) => {
    const renamed = rename?.(all);
    const official = (name: string) => otherNames?.rename(name) ?? name;
    const plain = new Map(
      all.map((name) => [name, official(dropFrom(renamed?.get(name) ?? name, EXPECTED_MARKERS))]),
    );
    const usual = dropFrom(nesting, EXPECTED_MARKERS);
    // Names of the state dict come first, so that its prefixes do.
    const prefixes = countPrefixes(
      [...main, ...all].map((name) => plain.get(name) ?? name),
      expected,
    );
    const ranked = [...prefixes].sort(
      ([a, inA], [b, inB]) =>
        inB.size - inA.size ||
        Number(b.startsWith(usual)) - Number(a.startsWith(usual)) ||
        Number(isAverage(a)) - Number(isAverage(b)) ||
        a.split(".").length - b.split(".").length,
    );
    const chosen = new Map<string, string>();
    const taken = new Set<string>();
    for (const part of parts) {
      const prefix = bestPrefix(ranked, part, usual);
      for (const [name, path] of plain) {
        const bare = path.slice(prefix.length);
        if (!path.startsWith(prefix) || !part.has(bare) || taken.has(bare)) continue;
        chosen.set(name, bare);
        taken.add(bare);
      }
    }
    return chosen;
  };
}

/** A text that says what was left out of names; undefined if nothing was. */
export function describeUnwrapping(chosen: ChosenNames): string | undefined {
  const prefixes = new Set<string>();
  for (const [name, bare] of chosen) {
    if (name.endsWith(bare) && name !== bare) prefixes.add(name.slice(0, name.length - bare.length));
  }
  if (prefixes.size === 0) return undefined;
  const shown = [...prefixes].slice(0, 3).map((prefix) => JSON.stringify(prefix.slice(0, 100)));
  return `names are read without ${shown.join(", ")}`;
}

type Prefixes = readonly (readonly [prefix: string, names: ReadonlySet<string>])[];

/** The prefixes of expected names, each with the names that have it. */
function countPrefixes(names: readonly string[], expected: ReadonlySet<string>): Map<string, Set<string>> {
  const prefixes = new Map<string, Set<string>>();
  for (const name of names) {
    let start = 0;
    for (let part = 0; part < MAX_PARTS; part++) {
      const bare = name.slice(start);
      if (expected.has(bare)) {
        const prefix = name.slice(0, start);
        prefixes.set(prefix, (prefixes.get(prefix) ?? new Set()).add(bare));
      }
      const dot = name.indexOf(".", start);
      if (dot < 0) break;
      start = dot + 1;
    }
  }
  return prefixes;
}

/** A prefix other than the usual one must fit half the names at least: one or two may fit by chance. */
function bestPrefix(ranked: Prefixes, part: ReadonlySet<string>, usual: string): string {
  let best = { prefix: usual, count: 0 };
  for (const [prefix, names] of ranked) {
    const count = [...names].filter((name) => part.has(name)).length;
    if (count > best.count && (prefix === usual || 2 * count >= part.size)) best = { prefix, count };
  }
  return best.prefix;
}

function isAverage(prefix: string): boolean {
  return prefix.split(".").some((part) => AVERAGES.has(part));
}

function dropFrom(name: string, markers: ReadonlySet<string>): string {
  const parts = name.split(".");
  return parts.some((part) => markers.has(part))
    ? parts.filter((part) => !markers.has(part)).join(".")
    : name;
}

function dropMarkers(names: readonly string[]): readonly string[] {
  return ifDistinct(
    names.map((name) => dropFrom(name, MARKERS)),
    names,
  );
}

function dropWrappers(names: readonly string[]): readonly string[] {
  let plain = names;
  for (;;) {
    const first = plain.find((name) => name !== COUNTER);
    const [wrapper = ""] = first?.split(".", 1) ?? [];
    const start = `${wrapper}.`;
    const isShared = plain.every((name) => name === COUNTER || name.startsWith(start));
    if (!WRAPPERS.has(wrapper) || !isShared) return ifDistinct(plain, names);
    plain = plain.map((name) => (name === COUNTER ? name : name.slice(start.length)));
  }
}

function dropParts(names: readonly string[]): readonly string[] {
  for (const [one, two] of PARTS) {
    const starts = [`${one}.`, `${two}.`];
    const found = names.map((name) => starts.find((start) => name.startsWith(start)));
    if (!starts.every((start) => found.includes(start)) || found.includes(undefined)) continue;
    return ifDistinct(
      names.map((name, i) => name.slice(found[i]?.length)),
      names,
    );
  }
  return names;
}

function ifDistinct(changed: readonly string[], names: readonly string[]): readonly string[] {
  return new Set(changed).size === names.length ? changed : names;
}
