import { readFile } from "node:fs/promises";
import { LightsegError } from "../errors.ts";
import { decodePhoto } from "../images/decode.ts";
import { decodeMask } from "../images/mask.ts";
import type { Dataset, LabelSpace, Sample } from "./dataset.ts";
import { type MaskValues, mapMaskValues } from "./mask-values.ts";

/** Where the photo and the mask of one sample lie. */
export interface SampleFiles {
  readonly id: string;
  readonly photo: string;
  readonly mask: string;
}

/** A split whose samples are a photo file and a mask file each. */
export interface PairedFiles {
  readonly name: string;
  readonly split: string;
  readonly labels: LabelSpace;
  readonly maskValues: MaskValues;
  /** At least one. */
  readonly files: readonly SampleFiles[];
}

/** Makes a data set of photo and mask files; `load` compares their sizes and maps the mask's values to labels. */
export function pairedFilesDataset({ name, split, labels, maskValues, files }: PairedFiles): Dataset {
  return {
    name,
    split,
    labels,
    size: files.length,
    ids: files.map((file) => file.id),
    async load(index) {
      const file = files[index];
      if (file === undefined) {
        throw new LightsegError({
          code: "INVALID_ARGUMENT",
          where: "load",
          argument: "index",
          rule: `must be an integer in 0..${files.length - 1}`,
          value: index,
        });
      }
      return loadSample(file, maskValues);
    },
  };
}

async function loadSample(file: SampleFiles, maskValues: MaskValues): Promise<Sample> {
  const photo = await decodePhoto(file.photo);
  const mask = decodeMask(await readMask(file.mask), file.mask);
  if (mask.width !== photo.width || mask.height !== photo.height) {
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "load",
      argument: file.mask,
      rule: `must have the size of its photo, ${photo.width}x${photo.height}`,
      value: `${mask.width}x${mask.height}`,
    });
  }
  return { id: file.id, photo, labels: mapMaskValues(mask, maskValues, file.mask) };
}

async function readMask(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const rule = "must be a readable file";
    throw new LightsegError({ code: "NOT_FOUND", where: "load", argument: file, rule, cause });
  }
}
