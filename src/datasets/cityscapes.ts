import { join } from "node:path";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { DatasetDescription, LabelSpace } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { listFileNames } from "./file-names.ts";
import { indexValues, type MaskValues } from "./mask-values.ts";
import { endingsOf, pairFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";

/** The official id, name and color of each class, in the order of the official trainIds 0 to 18. */
const table = [
  [7, "road", [128, 64, 128]],
  [8, "sidewalk", [244, 35, 232]],
  [11, "building", [70, 70, 70]],
  [12, "wall", [102, 102, 156]],
  [13, "fence", [190, 153, 153]],
  [17, "pole", [153, 153, 153]],
  [19, "traffic light", [250, 170, 30]],
  [20, "traffic sign", [220, 220, 0]],
  [21, "vegetation", [107, 142, 35]],
  [22, "terrain", [152, 251, 152]],
  [23, "sky", [70, 130, 180]],
  [24, "person", [220, 20, 60]],
  [25, "rider", [255, 0, 0]],
  [26, "car", [0, 0, 142]],
  [27, "truck", [0, 0, 70]],
  [28, "bus", [0, 60, 100]],
  [31, "train", [0, 80, 100]],
  [32, "motorcycle", [0, 0, 230]],
  [33, "bicycle", [119, 11, 32]],
] as const;

/** The 19 classes of Cityscapes, which BDD100K has too. */
export const cityscapesLabels: LabelSpace = {
  classes: table.map(([, name]) => name),
  palette: table.map(([, , color]) => color),
  ignoreLabel: IGNORE_LABEL,
};

/** Masks of trainIds: 0 to 18, and 255 for what is ignored. */
export const trainIdValues = indexValues(cityscapesLabels.classes);

/** Masks of the official ids, 0 to 33. Ids without class are ignored, as is 255, for the id -1. */
const idValues: MaskValues = new Map([
  ...Array.from({ length: 34 }, (_, id): [number, number] => [id, IGNORE_LABEL]),
  [255, IGNORE_LABEL],
  ...table.map(([id], trainId): [number, number] => [id, trainId]),
]);

// The labels of the test split are not public; the masks that come with it are void.
const splits = ["train", "val"];

/**
 * Cityscapes, fine annotations, 19 classes, in the official layout; all other ids become the ignore label.
 *
 * `DIR/leftImg8bit/SPLIT/CITY/ID_leftImg8bit.png` and `DIR/gtFine/SPLIT/CITY/ID_gtFine_labelTrainIds.png`,
 * or, where a split has none of those, `ID_gtFine_labelIds.png`. The id of a sample is `CITY/ID`.
 */
export const cityscapes = {
  name: "cityscapes",
  labels: cityscapesLabels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const layout = `expected DIR/leftImg8bit/${split}/CITY/ID_leftImg8bit.png and DIR/gtFine/${split}/CITY/ID_gtFine_labelTrainIds.png or _labelIds.png`;
    const list = (part: string, endings: readonly [string, ...string[]]) =>
      listFileNames(join(directory, part, split), { endings, layout, firstWins: true });
    const photos = await list("leftImg8bit", endingsOf(".png", "_leftImg8bit"));
    const trainIds = await list("gtFine", ["_gtFine_labelTrainIds.png"]);
    const hasTrainIds = trainIds.paths.size > 0;
    const masks = hasTrainIds ? trainIds : await list("gtFine", ["_gtFine_labelIds.png"]);
    return pairedFilesDataset({
      name: "cityscapes",
      split,
      labels: cityscapesLabels,
      maskValues: hasTrainIds ? trainIdValues : idValues,
      files: pairFiles({ ...options, photos, masks, layout }),
    });
  },
} satisfies DatasetDescription;
