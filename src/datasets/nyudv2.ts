import { join } from "node:path";
import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { Dataset, DatasetDescription, LabelSpace, OpenOptions } from "./dataset.ts";
import { firstPresent, idOf, isFile, notFound, readList, requireSplit } from "./files.ts";
import type { MaskValues } from "./mask-values.ts";
import { openLabeledMat } from "./nyudv2-mat.ts";
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
const maskValues: MaskValues = new Map([
  ...classes.map((_, index): [number, number] => [index, index]),
  [255, IGNORE_LABEL],
]);
const splits = ["train", "val"];

const labeledMat = "nyu_depth_v2_labeled.mat";

/**
 * NYUDv2 (Silberman et al. 2012) with the 40 classes of Gupta et al. 2013; what is unlabelled is ignored.
 *
 * Either a list, `DIR/SPLIT.txt` or `DIR/SPLIT.nyu` as in the code of Light-Weight RefineNet. A line names a photo and a
 * mask below DIR, or an id, of `DIR/images/ID.png` (or .jpg) and `DIR/masks/ID.png`. Masks hold 0 to 39, and 255 for what
 * is ignored.
 *
 * Or, without list, the official files: `DIR/nyu_depth_v2_labeled.mat`, `DIR/splits.mat`, and the map from its classes to
 * the 40, `DIR/classMapping40.mat`. Their test split is called `val` here.
 */
export const nyudv2 = {
  name: "nyudv2",
  labels,
  splits,
  async open(directory, split, options = {}) {
    requireSplit(split, splits);
    const layout = `expected DIR/${split}.txt or .nyu with lines "PHOTO MASK" or ids of DIR/images/ID.png and DIR/masks/ID.png; or DIR/${labeledMat}, DIR/splits.mat and DIR/classMapping40.mat`;
    const list = await firstPresent([join(directory, `${split}.txt`), join(directory, `${split}.nyu`)]);
    const file = join(directory, labeledMat);
    if (!(await isFile(list)) && (await isFile(file)))
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
  const files: SampleFiles[] = [];
  for (const [photo, mask] of await readList(list, layout)) {
    const id = idOf(photo);
    const images = join(directory, "images", id);
    files.push(
      mask === undefined
        ? {
            id,
            photo: await firstPresent([`${images}.png`, `${images}.jpg`]),
            mask: join(directory, "masks", `${id}.png`),
          }
        : { id, photo: join(directory, photo), mask: join(directory, mask) },
    );
  }
  if (missing !== "keep")
    for (const path of files.flatMap(({ photo, mask }) => [photo, mask]))
      if (!(await isFile(path))) throw notFound(path, "must exist", layout);
  return pairedFilesDataset({ name: "nyudv2", split, labels, maskValues, files });
}
