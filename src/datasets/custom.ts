import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { PHOTO_ENDINGS } from "../images/node/decode.ts";
import { plural } from "../plural.ts";
import { decodeColorMask } from "./color-mask.ts";
import { customLabels } from "./custom-labels.ts";
import { type CustomSettings, readCustomSettings } from "./custom-settings.ts";
import type { DatasetDescription, OpenOptions } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { describePassedOver, type FileNames, listFileNames } from "./file-names.ts";
import { isThere, spelledOnDisk } from "./files.ts";
import { type ListFile, readList } from "./list-file.ts";
import { folderOf, foldersWithoutMasks, pairFiles } from "./pair-files.ts";
import { type PairedFiles, pairedFilesDataset, type SampleFiles } from "./paired-files.ts";

const splits = ["train", "val", "test"];
const layout =
  "expected DIR/dataset.yaml with a list of classes, photos in DIR/images and masks in DIR/masks, ID.jpg and ID.png; to split them: DIR/train.txt and DIR/val.txt, or folders train and val in both; dataset.yaml can name other folders, one for both too";

/**
 * One's own data set: a folder with a `dataset.yaml`, photos and masks with the photos' names.
 *
 * The first of these splits counts: lists of ids (`DIR/train.txt`, `val.txt`, `test.txt`); folders
 * (`DIR/images/train` and `DIR/masks/train`, `val` and `test` alike); the share `val` of the photos, chosen
 * by a hash of `SEED/ID`, so that a photo keeps its split when others are added. Of two photos or more, at
 * least one is in `val` and one in `train`.
 */
export const custom = {
  name: "custom",
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const file = join(directory, "dataset.yaml");
    const settings = await readCustomSettings(file, `${layout}; other layouts have names: --dataset`);
    const { labels, labelOf } = customLabels(settings, file);
    const found = await findFiles({ directory, split, settings, ...options });
    const pairs: PairedFiles = { name: settings.name, split, labels, maskValues: labelOf, ...found };
    if (settings.masks === "indexed") return pairedFilesDataset({ ...pairs, ignoredValues: settings.ignore });
    return pairedFilesDataset({
      ...pairs,
      // Colors are turned into labels at once, which are then left as they are.
      maskValues: new Map([...labelOf.values()].map((label) => [label, label])),
      decode: (bytes, mask) => decodeColorMask(bytes, labelOf, mask),
    });
  },
} satisfies DatasetDescription;

interface FoundFiles {
  readonly files: SampleFiles[];
  readonly warnings: string[];
}

interface FindFilesOptions extends OpenOptions {
  directory: string;
  split: string;
  settings: CustomSettings;
}

async function findFiles({ directory, split, settings, missing }: FindFilesOptions): Promise<FoundFiles> {
  const images = await spelledOnDisk(join(directory, settings.folders.images));
  const masks = await spelledOnDisk(join(directory, settings.folders.masks));
  const find = async (inner: string, list?: ListFile): Promise<FoundFiles> => {
    const all = await listBoth(join(images, inner), join(masks, inner));
    const left = list ? new Map<string, number>() : foldersWithoutMasks(all.photos, all.masks);
    const paths = new Map([...all.photos.paths].filter(([id]) => !left.has(folderOf(id))));
    const names = { ...all, photos: { ...all.photos, paths } };
    const unlabelled = [...left].map(([folder, count]) => {
      return `${join(all.photos.folder, folder)}: passed over ${plural(count, "photo")}, for which ${join(all.masks.folder, folder)} has no masks`;
    });
    return {
      files: pairFiles({ ...names, list, layout, missing }),
      warnings: [...passedOver(names), ...unlabelled],
    };
  };
  if (await anyIsThere(splits.map((name) => join(directory, `${name}.txt`))))
    return find("", await readList(join(directory, `${split}.txt`), layout));
  if (await anyIsThere(splits.map((name) => join(images, name)))) return find(split);

  const { files, warnings } = await find("");
  const { val, seed } = settings;
  const isInVal = chooseVal(files, { share: val, seed });
  const chosen = files.filter((file) => split !== "test" && isInVal(file) === (split === "val"));
  if (chosen.length > 0) return { files: chosen, warnings };
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file: directory,
    argument: "folder",
    rule: `must have photos for ${split}: of ${files.length}, the share ${val} goes to val and the rest to train`,
    hint: "add photos, or list their ids in train.txt, val.txt and test.txt",
  });
}

/** In one folder for both, the PNGs are the masks. */
async function listBoth(images: string, masks: string): Promise<{ photos: FileNames; masks: FileNames }> {
  const isOne = (await realpath(images).catch(() => images)) === (await realpath(masks).catch(() => masks));
  const [first, ...others] = PHOTO_ENDINGS.filter((ending) => !isOne || ending !== ".png");
  const list = (folder: string, endings: readonly [string, ...string[]]) =>
    listFileNames(folder, {
      endings,
      layout,
      without: isOne ? undefined : folder === images ? masks : images,
    });
  const found = {
    photos: await list(images, [first ?? ".jpg", ...others]),
    masks: await list(isOne ? images : masks, [".png"]),
  };
  if (!isOne || found.photos.paths.size > 0) return found;
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file: images,
    argument: "folder",
    rule: "must hold photos that are no PNGs: where photos and masks lie in one folder, PNGs are the masks",
    hint: "put photos and masks into two folders, with one name each but for the ending",
  });
}

/** One sentence for each folder with files of other kinds; one folder for both has each other's files. */
function passedOver({ photos, masks }: { photos: FileNames; masks: FileNames }): string[] {
  const own = ["dataset.yaml", ...splits.map((name) => `${name}.txt`)];
  const isOne = photos.folder === masks.folder;
  const describe = ({ folder, endings, others }: FileNames, partners: FileNames) => {
    const isPartner = (name: string) =>
      isOne && partners.endings.some((ending) => name.toLowerCase().endsWith(ending));
    const left = others.filter((name) => !own.includes(name) && !isPartner(name));
    return left.length > 0 ? [`${folder}: ${describePassedOver(left, endings)}`] : [];
  };
  return [...describe(photos, masks), ...(isOne ? [] : describe(masks, photos))];
}

async function anyIsThere(paths: readonly string[]): Promise<boolean> {
  return (await Promise.all(paths.map(isThere))).includes(true);
}

/**
 * Who is in val: photos whose number is below the share. Of few photos that may be none, or all of them, so
 * the lowest is always in val and the highest in train.
 */
function chooseVal(
  files: readonly SampleFiles[],
  { share, seed }: { share: number; seed: number },
): (file: SampleFiles) => boolean {
  const numberOf = ({ id }: SampleFiles) => hashShare(`${seed}/${id}`);
  const numbers = files.map(numberOf).sort((a, b) => a - b);
  const [second, highest] = [numbers[1] ?? 0, numbers.at(-1) ?? 0];
  const limit = Math.min(Math.max(share, second), highest);
  return (file) => numberOf(file) < limit;
}

/** A number in 0..1 that looks random, the same for the same text. */
function hashShare(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}
