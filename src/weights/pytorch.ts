import { LightsegError } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { torchNames } from "./torch-objects.ts";
import { findStateDict, readTensors } from "./torch-state-dict.ts";
import type { Weights } from "./types.ts";
import { unpickle } from "./unpickle.ts";
import { readZip } from "./zip.ts";

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04];
/** The pickled integer 0x1950a86a20f9469cfc6c that starts a checkpoint saved before PyTorch 1.6. */
const LEGACY_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** How many elements the tensors may have together for each byte of the file: room for tensors that share values. */
const ELEMENTS_PER_BYTE = 4;

/** Whether the bytes start like a PyTorch checkpoint, of either container. */
export function isPytorch(bytes: Uint8Array): boolean {
  return startsWith(bytes, ZIP_MAGIC) || startsWith(bytes, LEGACY_MAGIC);
}

/**
 * Reads a checkpoint written by `torch.save` (PyTorch 1.6 or later) into float32 tensors, in row-major order.
 *
 * Takes a state dict, or a dict that holds one as `state_dict`, `model` or `segmenter`; drops a prefix `module.` that
 * all names have. Nothing in the file is executed. `where` starts the message of every error, e.g. the file's name.
 * Format: https://pytorch.org/docs/stable/notes/serialization.html
 *
 * @throws {LightsegError} INVALID_WEIGHTS
 */
export function decodePytorch(bytes: Uint8Array, where: string): Weights {
  if (startsWith(bytes, LEGACY_MAGIC)) {
    const hint = "load it and torch.save it again with PyTorch 1.6 or later";
    fail(where, "is a PyTorch checkpoint of the old format from before 1.6, which is not read yet", hint);
  }
  if (!startsWith(bytes, ZIP_MAGIC)) {
    fail(where, bytes.length === 0 ? "is empty" : "is not a PyTorch checkpoint: it is no zip archive");
  }
  return decodeZipContainer(bytes, where);
}

/** The container since PyTorch 1.6: a zip archive of `<prefix>/data.pkl` and one `<prefix>/data/<key>` per storage. */
function decodeZipContainer(bytes: Uint8Array, where: string): Weights {
  const entries = readZip(bytes, where);
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickleName] = pickles;
  if (pickleName === undefined || pickles.length > 1) {
    fail(where, `must hold one data.pkl to be a PyTorch checkpoint, got ${pickles.length}`);
  }
  const prefix = pickleName.slice(0, -"data.pkl".length);
  if (entries.has(`${prefix}constants.pkl`)) {
    fail(where, "is a TorchScript program, not a checkpoint", "save the state_dict with torch.save instead");
  }
  const open = (name: string): Uint8Array => {
    const entry = entries.get(prefix + name) ?? fail(where, `has no ${JSON.stringify(name)}`);
    if (entry.compressed) fail(where, `has ${JSON.stringify(name)} compressed, which torch.save never does`);
    return entry.stored;
  };
  // Without this file, as older versions write it, PyTorch itself takes the data for little-endian.
  if (entries.has(`${prefix}byteorder`) && new TextDecoder().decode(open("byteorder")) !== "little") {
    fail(where, "must be saved on a little-endian machine");
  }

  const reader = new ByteReader(open("data.pkl"), where, "the checkpoint");
  const tensors = findStateDict(unpickle(reader, torchNames(reader)), where);
  return readTensors(tensors, ({ key }) => open(`data/${key}`), bytes.length * ELEMENTS_PER_BYTE, where);
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function fail(where: string, rule: string, hint?: string): never {
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where,
    argument: "the file",
    rule,
    ...(hint && { hint }),
  });
}
