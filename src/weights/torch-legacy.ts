import { ByteReader } from "./byte-reader.ts";
import type { ByteRange, ByteSource } from "./byte-source.ts";
import { ELEMENT_SIZES } from "./elements.ts";
import { quote } from "./invalid.ts";
import { type StorageBlock, TorchNames } from "./torch-objects.ts";
import { unpickle } from "./unpickle.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
/** The start of `MAGIC` pickled, behind the byte with the pickle's protocol. */
const MAGIC_PREFIX = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const PICKLE = 0x80;
const PROTOCOL = 1001;
/** Bytes of the number of elements before these. */
const COUNT_SIZE = 8;

/** Whether a file that starts with these bytes is a checkpoint of the container from before PyTorch 1.6. */
export function isLegacy(start: Uint8Array): boolean {
  return start[0] === PICKLE && MAGIC_PREFIX.every((byte, i) => start[i + 2] === byte);
}

/**
 * Opens the container from before PyTorch 1.6: pickles of a magic number, the protocol, facts about the
 * machine, the object and a list of keys; then the number of elements and the elements of one block for each
 * key.
 *
 * @throws LightsegError INVALID_WEIGHTS
 */
export function openLegacy(
  source: ByteSource,
  file: string,
): { checkpoint: unknown; locate: (block: StorageBlock) => ByteRange } {
  const reader = new ByteReader(source, file, "the checkpoint");
  const names = new TorchNames(reader);
  const next = () => unpickle(reader, names);
  if (next() !== MAGIC) reader.fail("is damaged: it does not begin with PyTorch's magic number");
  const protocol = next();
  if (protocol !== PROTOCOL) reader.fail(`is of another protocol than ${PROTOCOL}`);
  const machine = next();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    reader.fail("must be saved on a little-endian machine");
  }
  const checkpoint = next();
  const keys = next();
  // Reads the numbers alone, and nothing of the elements between them.
  const counts = new ByteReader(source, file, "the checkpoint", {
    start: reader.position,
    readAhead: COUNT_SIZE,
  });
  const ranges = findBlocks(keys, names.blocks, counts);
  return {
    checkpoint,
    locate: ({ key }) => ranges.get(key) ?? reader.fail(`holds no storage ${quote(key)}`),
  };
}

/** Where the elements of each block lie; `counts` is at the number of the first. */
function findBlocks(
  keys: unknown,
  blocks: ReadonlyMap<string, StorageBlock>,
  counts: ByteReader,
): ReadonlyMap<string, ByteRange> {
  const list: readonly unknown[] = Array.isArray(keys)
    ? keys
    : counts.fail("is damaged: it lists no storages");
  const ranges = new Map<string, ByteRange>();
  for (const key of list) {
    const block = typeof key === "string" ? blocks.get(key) : undefined;
    if (block === undefined || ranges.has(block.key)) {
      counts.fail("is damaged: it lists a storage twice, or one that no tensor has");
    }
    if (counts.u64() !== block.length) {
      counts.fail(`is damaged: storage ${quote(block.key)} must hold ${block.length} elements`);
    }
    const start = counts.position;
    counts.skip(block.length * ELEMENT_SIZES[block.type]);
    ranges.set(block.key, { start, end: counts.position });
  }
  return ranges;
}
