/** Names of tensors as in the file. Keys of nested dicts stand before them. */
export interface StoredNames {
  /** All, in the order of the file. */
  readonly all: readonly string[];
  /** Those that seem to be the network's: in a checkpoint, those of its state dict. */
  readonly main: readonly string[];
  /** What dicts put before all names in `main`, such as `state_dict.`; may be empty. */
  readonly nesting: string;
}

/** Which tensors to read, by their names in the file, and the names that they get. */
export type ChosenNames = ReadonlyMap<string, string>;

/** Chooses from the names in a file; asked once, before any values are read. */
export type ChooseNames = (names: StoredNames) => ChosenNames;

/** All names of a flat file, as `StoredNames`. */
export function flatNames(all: readonly string[]): StoredNames {
  return { all, main: all, nesting: "" };
}

/** Chooses all names in the file, as they are. */
export function keepNames({ all }: StoredNames): ChosenNames {
  return new Map(all.map((name) => [name, name]));
}

/** The entries of a map whose file names are chosen, under their new names, in the map's order. */
export function takeChosen<T>(entries: Iterable<readonly [string, T]>, chosen: ChosenNames): Map<string, T> {
  const taken = new Map<string, T>();
  for (const [name, value] of entries) {
    const given = chosen.get(name);
    if (given !== undefined) taken.set(given, value);
  }
  return taken;
}
