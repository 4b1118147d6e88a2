import { AVERAGE_KEYS, NETWORK_KEYS, PARTS } from "./choose-names.ts";
import { refuseWeights } from "./invalid.ts";
import type { StoredNames } from "./stored-names.ts";
import { TorchTensor } from "./torch-objects.ts";

/** Dicts are not nested deeper in any checkpoint, and no key of one is longer. */
const MAX_DEPTH = 20;
const MAX_KEY = 300;
/** More tensors than any checkpoint holds. */
const MAX_TENSORS = 100_000;

/** A checkpoint's tensors by name, with the keys of nested dicts before it: `state_dict.conv.weight`. */
export interface NamedTensors {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly names: StoredNames;
}

/** A dict in a checkpoint. */
interface Dict {
  /** The keys that lead to it, each with a dot. */
  readonly path: string;
  /** Names of the tensors right in it, with the path. */
  readonly names: string[];
  readonly children: Map<string, Dict>;
}

/**
 * Finds the tensors in what a checkpoint holds: a dict of tensors, or dicts in dicts, as training scripts
 * save them with optimizer, epoch and scores.
 *
 * The network's tensors are those under the usual keys, at any depth; else those of two dicts `encoder` and
 * `decoder`; else those of the largest dict.
 *
 * @throws LightsegError INVALID_WEIGHTS if there are none, or more than 100000.
 */
export function findTensors(checkpoint: unknown, file: string): NamedTensors {
  const tensors = new Map<string, TorchTensor>();
  const top = readDict(checkpoint, { path: "", tensors, visited: new Set(), depth: 0 });
  if (tensors.size > MAX_TENSORS) {
    refuseWeights(file, "the checkpoint", `must not hold more than ${MAX_TENSORS} tensors`, {
      value: tensors.size,
    });
  }
  const main = top && findMain(top);
  if (main) return { tensors, names: { all: [...tensors.keys()], ...main } };
  const keys = checkpoint instanceof Map ? [...checkpoint.keys()] : [];
  refuseWeights(file, "the checkpoint", "must hold tensors by name, in a dict or in dicts of dicts", {
    value: keys.filter((key) => typeof key === "string"),
  });
}

interface Walk {
  readonly path: string;
  readonly tensors: Map<string, TorchTensor>;
  /** Keeps dicts that hold each other from being walked without end. */
  readonly visited: Set<unknown>;
  readonly depth: number;
}

function readDict(dict: unknown, { path, tensors, visited, depth }: Walk): Dict | undefined {
  if (!(dict instanceof Map) || visited.has(dict) || depth > MAX_DEPTH) return undefined;
  visited.add(dict);
  const names: string[] = [];
  const children = new Map<string, Dict>();
  for (const [key, value] of dict) {
    if (typeof key !== "string") continue;
    if (value instanceof TorchTensor) {
      names.push(path + key);
      tensors.set(path + key, value);
    } else if (key.length <= MAX_KEY) {
      const child = readDict(value, { path: `${path}${key}.`, tensors, visited, depth: depth + 1 });
      if (child) children.set(key, child);
    }
  }
  return { path, names, children };
}

type Main = Pick<StoredNames, "main" | "nesting">;

function findMain(dict: Dict): Main | undefined {
  for (const key of [...NETWORK_KEYS, ...AVERAGE_KEYS]) {
    const child = dict.children.get(key);
    const main = child && findMain(child);
    if (main) return main;
  }
  const parts = PARTS[0].map((part) => dict.children.get(part)?.names ?? []);
  if (parts.every(({ length }) => length > 0)) return { main: parts.flat(), nesting: dict.path };
  const { names, path } = largestOf(dict);
  return names.length > 0 ? { main: names, nesting: path } : undefined;
}

function largestOf(dict: Dict): Dict {
  let largest = dict;
  for (const child of dict.children.values()) {
    const candidate = largestOf(child);
    if (candidate.names.length > largest.names.length) largest = candidate;
  }
  return largest;
}
