import { join, relative, sep } from "node:path";
import { LightsegError } from "../errors.ts";
import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { Dataset, DatasetDescription, LabelSpace, OpenOptions } from "./dataset.ts";
import { checkOpening, notFound } from "./errors.ts";
import { firstPresent, isThere, spelledOnDisk } from "./files.ts";
import { isPicture, type ListLine, nameOf, readList, withoutEnding } from "./list-file.ts";
import { indexValues } from "./mask-values.ts";
import { openLabeledMat } from "./nyudv2-mat.ts";
import { endingsOf } from "./pair-files.ts";
import { pairedFilesDataset, type SampleFiles } from "./paired-files.ts";

const classes = [
  "wall",
  "floor",
  "cabinet",
  "bed",
  "chair",
  "sofa",
  "table",
  "door",
  "window",
  "bookshelf",
  "picture",
  "counter",
  "blinds",
  "desk",
  "shelves",
  "curtain",
  "dresser",
  "pillow",
  "mirror",
  "floor mat",
  "clothes",
  "ceiling",
  "books",
  "refrigerator",
  "television",
  "paper",
  "towel",
  "shower curtain",
  "box",
  "whiteboard",
  "person",
  "night stand",
  "toilet",
  "sink",
  "lamp",
  "bathtub",
  "bag",
  "other structure",
  "other furniture",
  "other prop",
];
const labels: LabelSpace = { classes, palette: vocPalette(classes.length), ignoreLabel: IGNORE_LABEL };
const maskValues = indexValues(classes);
const splits = ["train", "val"];

const labeledMat = "nyu_depth_v2_labeled.mat";

/**
 * NYUDv2 (Silberman et al. 2012) with the 40 classes of Gupta et al. 2013; what is unlabelled is ignored.
 *
 * Either a list, `DIR/SPLIT.txt` or `DIR/SPLIT.nyu` as in the code of Light-Weight RefineNet. A line names a
 * photo and a mask below DIR, or an id, of `DIR/images/ID.png` (or .jpg) and `DIR/masks/ID.png`. Masks hold 0
 * to 39, and 255 for what is ignored.
 *
 * Or, without list, the official files: `DIR/nyu_depth_v2_labeled.mat`, `DIR/splits.mat`, and the map from
 * its classes to the 40, `DIR/classMapping40.mat`. Their test split is called `val` here.
 */
export const nyudv2 = {
  name: "nyudv2",
  labels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const layout = `expected DIR/${split}.txt or .nyu with lines "PHOTO MASK" or ids of DIR/images/ID.png and DIR/masks/ID.png; or DIR/${labeledMat}, DIR/splits.mat and DIR/classMapping40.mat`;
    const list = await firstPresent([join(directory, `${split}.txt`), join(directory, `${split}.nyu`)]);
    const file = join(directory, labeledMat);
    if (!(await isThere(list)) && (await isThere(file)))
      return openLabeledMat({ file, directory, split, labels, layout });
    return openList({ directory, split, list, layout, ...options });
  },
} satisfies DatasetDescription;

interface OpenListOptions extends OpenOptions {
  readonly directory: string;
  readonly split: string;
  readonly list: string;
  readonly layout: string;
}

async function openList({ directory, split, list, layout, missing }: OpenListOptions): Promise<Dataset> {
  const { lines } = await readList(list, layout);
  const files: SampleFiles[] = [];
  for (const line of lines) {
    const found = await filesOfLine(line.text.replaceAll("\\", "/"), directory);
    if (!found) throw notASample(list, line);
    const fault = await findFault(found, layout);
    if (fault && missing !== "keep") throw fault;
    files.push({ ...found, fault });
  }
  return pairedFilesDataset({
    name: "nyudv2",
    split,
    labels,
    maskValues,
    files: tellApart(files, directory),
  });
}

/** Photos of one name in different folders have their paths as ids. */
function tellApart(files: readonly SampleFiles[], directory: string): SampleFiles[] {
  const photos = new Map<string, Set<string>>();
  for (const { id, photo } of files) photos.set(id, (photos.get(id) ?? new Set()).add(photo));
  return files.map((file) => {
    if (photos.get(file.id)?.size === 1) return file;
    return { ...file, id: withoutEnding(relative(directory, file.photo).split(sep).join("/")) };
  });
}

/** An id, or a photo and a mask with a tab or spaces between. @returns undefined for more than that */
async function filesOfLine(line: string, directory: string): Promise<SampleFiles | undefined> {
  const words = line.split(line.includes("\t") ? /\t+/ : /\s+/);
  const [photo = "", mask] = words;
  const isPair = words.length === 2 && words.every(isPicture);
  if (!isPair) {
    const id = nameOf(line);
    const image = await firstPicture(join(directory, "images", id));
    if (mask === undefined || (await isThere(image)))
      return { id, photo: image, mask: await spelledOnDisk(join(directory, "masks", `${id}.png`)) };
  }
  if (mask === undefined || words.length > 2) return undefined;
  const [photoPath, maskPath] = [join(directory, photo.trim()), join(directory, mask.trim())];
  return {
    id: nameOf(photo.trim()),
    photo: await spelledOnDisk(photoPath),
    mask: await spelledOnDisk(maskPath),
  };
}

/** The photo of that name with any ending, a PNG first. */
async function firstPicture(path: string): Promise<string> {
  const paths = await Promise.all(endingsOf(".png").map((ending) => spelledOnDisk(`${path}${ending}`)));
  for (const found of paths) if (await isThere(found)) return found;
  return `${path}.png`;
}

async function findFault({ photo, mask }: SampleFiles, layout: string): Promise<LightsegError | undefined> {
  if (!(await isThere(photo))) return notFound(photo, "photo", "must exist", layout);
  return (await isThere(mask)) ? undefined : notFound(mask, "mask", "must exist", layout);
}

function notASample(file: string, { number, text }: ListLine): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file,
    argument: `line ${number}`,
    rule: "must be an id, or a photo and a mask",
    value: text,
  });
}
