import type { Weights } from "../models/weights.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteRange, ByteSource } from "./byte-source.ts";
import { unwrapNames } from "./choose-names.ts";
import { refuseWeights } from "./invalid.ts";
import { type ChooseNames, type ChosenNames, takeChosen } from "./stored-names.ts";
import { isLegacy, openLegacy } from "./torch-legacy.ts";
import { type StorageBlock, TorchNames } from "./torch-objects.ts";
import { findTensors } from "./torch-state-dict.ts";
import { readTensors } from "./torch-tensors.ts";
import { unpickle } from "./unpickle.ts";
import { openZip } from "./zip.ts";

const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04];

/** Whether a file may be a PyTorch checkpoint, of either container, by its first 14 bytes or more. */
export function isPytorch(start: Uint8Array): boolean {
  return isZip(start) || isLegacy(start);
}

/**
 * Reads a checkpoint of `torch.save`, of any version of PyTorch, into float32 tensors in row-major order:
 * those that `choose` names. Of the others, only bytes within 8 KiB of those are read.
 *
 * Takes a state dict, or a checkpoint that holds one: see `findTensors`. Nothing in the file is executed.
 * `file` names it in errors. Format: https://pytorch.org/docs/stable/notes/serialization.html
 *
 * @throws LightsegError INVALID_WEIGHTS
 */
export function readPytorch(
  source: ByteSource,
  file: string,
  choose: ChooseNames = unwrapNames,
): { weights: Weights; chosen: ChosenNames } {
  const { checkpoint, locate } = openContainer(source, file);
  const { tensors, names } = findTensors(checkpoint, file);
  const chosen = choose(names);
  return { weights: readTensors(takeChosen(tensors, chosen), locate, source, file), chosen };
}

interface Container {
  /** What was saved. */
  checkpoint: unknown;
  locate: (block: StorageBlock) => ByteRange;
}

function openContainer(source: ByteSource, file: string): Container {
  if (source.size === 0) refuseWeights(file, "the file", "is empty");
  const start = source.read(0, Math.min(source.size, 14));
  if (isLegacy(start)) return openLegacy(source, file);
  if (isZip(start)) return openZipContainer(source, file);
  refuseWeights(file, "the file", "is not a PyTorch checkpoint: it is no zip archive");
}

/** The container since PyTorch 1.6: a zip of `<prefix>/data.pkl` and a `<prefix>/data/<key>` per storage. */
function openZipContainer(source: ByteSource, file: string): Container {
  const zip = openZip(source, file);
  const pickles = [...zip.names].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickleName] = pickles;
  if (pickleName === undefined || pickles.length > 1) {
    refuseWeights(
      file,
      "the file",
      `must hold one data.pkl to be a PyTorch checkpoint, got ${pickles.length}`,
    );
  }
  const prefix = pickleName.slice(0, -"data.pkl".length);
  if (zip.names.has(`${prefix}constants.pkl`)) {
    const hint = "save the state_dict with torch.save instead";
    refuseWeights(file, "the file", "is a TorchScript program, not a checkpoint", { hint });
  }
  // Without this file, as older versions write it, PyTorch itself takes the data for little-endian.
  if (zip.names.has(`${prefix}byteorder`)) {
    const { start, end } = zip.locate(`${prefix}byteorder`);
    if (new TextDecoder().decode(source.read(start, Math.min(end, start + 10))) !== "little") {
      refuseWeights(file, "the file", "must be saved on a little-endian machine");
    }
  }
  const reader = new ByteReader(source, file, "the checkpoint", zip.locate(pickleName));
  return {
    checkpoint: unpickle(reader, new TorchNames(reader)),
    locate: ({ key }) => zip.locate(`${prefix}data/${key}`),
  };
}

function isZip(start: Uint8Array): boolean {
  return ZIP_MAGIC.every((byte, i) => start[i] === byte);
}
