import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { decodeColourMask } from "./colour-mask.ts";
import { customLabels } from "./custom-labels.ts";
import { type CustomSettings, readCustomSettings } from "./custom-settings.ts";
import type { DatasetDescription, OpenOptions } from "./dataset.ts";
import { listFileNames, pairFiles } from "./file-names.ts";
import { readIds, requireSplit } from "./files.ts";
import { type PairedFiles, pairedFilesDataset, type SampleFiles } from "./paired-files.ts";

const splits = ["train", "val", "test"];
const photoEndings = [".jpg", ".jpeg", ".png", ".webp"];
const layout =
  "expected DIR/dataset.yaml with a list of classes, DIR/images/ID.jpg, .png or .webp and DIR/masks/ID.png; to split them: DIR/train.txt and DIR/val.txt, or folders train and val in both";

/**
 * One's own data set: a folder with a `dataset.yaml`, photos and masks that have the same name but for the ending.
 *
 * Of several ways to split it, the first that is found counts: lists of ids (`DIR/train.txt`, `val.txt`, `test.txt`);
 * folders (`DIR/images/train` and `DIR/masks/train`, `val` and `test` alike); else the share `val` of the photos is set
 * apart by a hash of `SEED/ID`, so that a photo stays where it is when others are added.
 */
export const custom = {
  name: "custom",
  splits,
  async open(directory, split, options = {}) {
    requireSplit(split, splits);
    const file = join(directory, "dataset.yaml");
    const settings = await readCustomSettings(file, layout);
    const { labels, labelOf } = customLabels(settings, file);
    const files = await findFiles({ directory, split, settings, ...options });
    const pairs: PairedFiles = { name: settings.name, split, labels, maskValues: labelOf, files };
    if (settings.masks === "indexed") return pairedFilesDataset({ ...pairs, ignoredValues: settings.ignore });
    return pairedFilesDataset({
      ...pairs,
      // Colours are turned into labels at once, which are then left as they are.
      maskValues: new Map([...labelOf.values()].map((label) => [label, label])),
      decode: (bytes, mask) => decodeColourMask(bytes, labelOf, mask),
    });
  },
} satisfies DatasetDescription;

interface FindFilesOptions extends OpenOptions {
  directory: string;
  split: string;
  settings: CustomSettings;
}

async function findFiles({ directory, split, settings, missing }: FindFilesOptions): Promise<SampleFiles[]> {
  const images = join(directory, settings.folders.images);
  const masks = join(directory, settings.folders.masks);
  const list = async (...inner: string[]) => ({
    photos: await listFileNames(join(images, ...inner), { endings: photoEndings, layout }),
    masks: await listFileNames(join(masks, ...inner), { endings: [".png"], layout }),
  });
  if (await anyExists(splits.map((name) => join(directory, `${name}.txt`)))) {
    const ids = await readIds(join(directory, `${split}.txt`), layout);
    return pairFiles({ ...(await list()), ids, layout, missing });
  }
  if (await anyExists(splits.map((name) => join(images, name))))
    return pairFiles({ ...(await list(split)), layout, missing });

  const files = pairFiles({ ...(await list()), layout, missing });
  const { val, seed } = settings;
  const inVal = ({ id }: SampleFiles) => hashShare(`${seed}/${id}`) < val;
  const chosen = files.filter((file) => split !== "test" && inVal(file) === (split === "val"));
  if (chosen.length > 0) return chosen;
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    argument: directory,
    rule: `must have photos for ${split}: of ${files.length}, the share ${val} goes to val by their names and the rest to train`,
    hint: "set val or seed in dataset.yaml, or list the ids in train.txt and val.txt",
  });
}

async function anyExists(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return found.some((status) => status !== undefined);
}

/** A number in 0..1 that looks random, the same for the same text. */
function hashShare(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
