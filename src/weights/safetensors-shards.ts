import type { Weights } from "../models/weights.ts";
import type { ByteSource } from "./byte-source.ts";
import { refuseWeights, tensorNamed } from "./invalid.ts";
import { JsonReader } from "./json-reader.ts";
import { readEntries } from "./safetensors.ts";
import { readSafetensorsHeader } from "./safetensors-header.ts";
import type { ChosenNames } from "./stored-names.ts";

/** A file beside the index: no folder, no drive, nothing that leads elsewhere. */
const FILE_NAME = /^(?!.*\.\.)[^/\\:\0]+$/s;

/** Says which file of a sharded checkpoint holds which tensor. */
export interface ShardIndex {
  /** Names of tensors by file name. */
  readonly shards: ReadonlyMap<string, ReadonlySet<string>>;
  /** Texts only. Hugging Face's index has but a number here, the size of all tensors. */
  readonly metadata: Record<string, string>;
}

/**
 * Reads the index of a checkpoint in several safetensors files: `{"metadata": {}, "weight_map": {tensor:
 * file}}`.
 *
 * @throws LightsegError INVALID_WEIGHTS if it is no such index, or names a file in another folder.
 */
export function decodeShardIndex(bytes: Uint8Array, file: string): ShardIndex {
  const fail = (rule: string): never => refuseWeights(file, "the index", rule);
  const json = new JsonReader(decodeText(bytes, fail), fail);
  const shards = new Map<string, Set<string>>();
  const metadata: [string, string][] = [];
  json.object((part) => {
    if (part === "weight_map") {
      json.object((name) => {
        const shard = json.string();
        if (!FILE_NAME.test(shard)) {
          refuseWeights(file, tensorNamed(name), "must be in a file beside the index", { value: shard });
        }
        const names = shards.get(shard) ?? new Set();
        shards.set(shard, names.add(name));
      });
    } else if (part === "metadata") {
      json.object((key) => {
        if (json.next() === '"') metadata.push([key, json.string()]);
        else json.skip();
      });
    } else json.skip();
  });
  json.end();
  if (shards.size === 0) fail("must have a weight_map that says where the tensors are");
  return { shards, metadata: Object.fromEntries(metadata) };
}

/**
 * Reads one file of a sharded checkpoint: of `names`, which it must hold and no others, the tensors that are
 * chosen.
 *
 * @throws LightsegError INVALID_WEIGHTS
 */
export function readShard(
  source: ByteSource,
  names: ReadonlySet<string>,
  file: string,
  chosen: ChosenNames,
): Weights {
  const { entries, dataStart } = readSafetensorsHeader(source, file);
  const held = new Set(entries.map(({ name }) => name));
  for (const name of names) {
    if (!held.has(name)) refuseWeights(file, tensorNamed(name), "must be in this file, as the index says");
  }
  for (const name of held) {
    if (!names.has(name))
      refuseWeights(file, tensorNamed(name), "must not be in this file: the index does not say so");
  }
  return readEntries(entries, chosen, { dataStart, source, file });
}

function decodeText(bytes: Uint8Array, fail: (rule: string) => never): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("is not UTF-8");
  }
}
