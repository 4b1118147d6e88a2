import { readFile } from "node:fs/promises";
import { LightsegError } from "../errors.ts";
import { decodeOrientedPhoto } from "../images/node/decode.ts";
import { decodeMask } from "../images/node/mask.ts";
import type { LabelMap } from "../images/types.ts";
import type { Dataset, LabelSpace, Sample } from "./dataset.ts";
import { type MaskValues, mapMaskValues } from "./mask-values.ts";
import { isTurnedUnseen, requireSizeOf, sampleAt } from "./sample-checks.ts";

/** Where the photo and the mask of one sample lie. */
export interface SampleFiles {
  readonly id: string;
  readonly photo: string;
  readonly mask: string;
  /** Why it cannot be read, where that is known already. */
  readonly fault?: LightsegError;
}

/** A split whose samples are a photo file and a mask file each. */
export interface PairedFiles {
  readonly name: string;
  readonly split: string;
  readonly labels: LabelSpace;
  readonly maskValues: MaskValues;
  /** What `Dataset` says of it. */
  readonly ignoredValues?: readonly number[];
  readonly warnings?: readonly string[];
  /** Decodes a mask from the file's bytes. Defaults to `decodeMask`, for gray and palette PNGs. */
  readonly decode?: (bytes: Uint8Array, file: string) => LabelMap;
  /** At least one. */
  readonly files: readonly SampleFiles[];
}

/** Makes a data set of photo and mask files. `load` compares sizes and maps mask values to labels. */
export function pairedFilesDataset(pairs: PairedFiles): Dataset {
  const { name, split, labels, ignoredValues, warnings, files } = pairs;
  return {
    name,
    split,
    labels,
    ignoredValues,
    warnings,
    size: files.length,
    ids: files.map((file) => file.id),
    async load(index) {
      return loadSample(sampleAt(files, index), pairs);
    },
  };
}

async function loadSample(
  file: SampleFiles,
  { maskValues, decode = decodeMask }: PairedFiles,
): Promise<Sample> {
  if (file.fault) throw file.fault;
  const oriented = await decodeOrientedPhoto(file.photo);
  const { photo } = oriented;
  const mask = decode(await readMask(file.mask), file.mask);
  requireSizeOf(oriented, { ...mask, file: file.mask, argument: "mask" });
  const labels = mapMaskValues(mask, maskValues, file.mask);
  return { id: file.id, photo, labels, turned: isTurnedUnseen(oriented) };
}

async function readMask(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const rule = "must be a readable file";
    throw new LightsegError({ code: "NOT_FOUND", where: "load", file, argument: "mask", rule, cause });
  }
}
