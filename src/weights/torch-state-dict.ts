import { refuseWeights } from "./invalid.ts";
import { TorchTensor } from "./torch-objects.ts";

/** Where training scripts put the state dict in a checkpoint that holds more: optimizer, epoch, scores. */
const STATE_DICT_KEYS = ["state_dict", "model", "segmenter", "network", "net"];
/** How a network of two parts names them: by attributes or keys, or by their places in a Sequential. */
const PARTS = [
  ["encoder", "decoder"],
  ["0", "1"],
] as const;
/** What `torch.nn.DataParallel` puts before every name. */
const PARALLEL_PREFIX = "module.";
/** More dicts than are nested in any checkpoint, and more tensors than one holds. */
const MAX_DICTS = 100;
const MAX_TENSORS = 100_000;

type Tensors = Map<string, TorchTensor>;

/**
 * Finds the tensors by name in what a checkpoint holds: a dict of tensors, or one under usual keys of the top dict,
 * whatever these are nested in, or two under `encoder` and `decoder`.
 *
 * Entries that are no tensors are left out. So are prefixes that say how the network was wrapped and not what a
 * parameter is: `module.` where all names have it, and `encoder.` and `decoder.`, or `0.` and `1.`, where all names
 * have one of the two and differ without.
 *
 * @throws {LightsegError} INVALID_WEIGHTS if there are none, or more than 100000.
 */
export function findStateDict(checkpoint: unknown, where: string): Tensors {
  const tensors = findTensors(checkpoint, new Set());
  if (tensors.size > MAX_TENSORS) {
    refuseWeights(where, "the checkpoint", `must not hold more than ${MAX_TENSORS} tensors`, {
      value: tensors.size,
    });
  }
  if (tensors.size > 0) return dropParallel(dropParts(dropParallel(tensors)));
  const keys = checkpoint instanceof Map ? [...checkpoint.keys()] : [];
  refuseWeights(
    where,
    "the checkpoint",
    `must be a dict of tensors, or hold one as ${STATE_DICT_KEYS.join(", ")}`,
    { value: keys.filter((key) => typeof key === "string") },
  );
}

/** `visited` keeps dicts that hold each other from being searched without end. */
function findTensors(dict: unknown, visited: Set<unknown>): Tensors {
  if (!(dict instanceof Map) || visited.has(dict) || visited.size > MAX_DICTS) return new Map();
  visited.add(dict);
  for (const key of STATE_DICT_KEYS) {
    const tensors = findTensors(dict.get(key), visited);
    if (tensors.size > 0) return tensors;
  }
  const parts = PARTS[0].map((part) => addPrefix(`${part}.`, tensorsOf(dict.get(part))));
  if (parts.every((tensors) => tensors.size > 0)) return new Map(parts.flatMap((tensors) => [...tensors]));
  return tensorsOf(dict);
}

function tensorsOf(dict: unknown): Tensors {
  const tensors: Tensors = new Map();
  if (!(dict instanceof Map)) return tensors;
  for (const [name, value] of dict) {
    if (typeof name === "string" && value instanceof TorchTensor) tensors.set(name, value);
  }
  return tensors;
}

function addPrefix(prefix: string, tensors: Tensors): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));
}

function dropParallel(tensors: Tensors): Tensors {
  return dropPrefixes([PARALLEL_PREFIX], tensors) ?? tensors;
}

function dropParts(tensors: Tensors): Tensors {
  for (const parts of PARTS) {
    const prefixes = parts.map((part) => `${part}.`);
    const plain = dropPrefixes(prefixes, tensors);
    if (plain) return plain;
  }
  return tensors;
}

/** Undefined unless every name has one of the prefixes, every prefix a name, and the names differ without. */
function dropPrefixes(prefixes: readonly string[], tensors: Tensors): Tensors | undefined {
  const plain: Tensors = new Map();
  const found = new Set<string>();
  for (const [name, tensor] of tensors) {
    const prefix = prefixes.find((start) => name.startsWith(start));
    if (prefix === undefined) return undefined;
    found.add(prefix);
    plain.set(name.slice(prefix.length), tensor);
  }
  return found.size === prefixes.length && plain.size === tensors.size ? plain : undefined;
}
