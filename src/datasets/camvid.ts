import { join } from "node:path";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { DatasetDescription, LabelSpace } from "./dataset.ts";
import { requireSplit } from "./errors.ts";
import { readList } from "./list-file.ts";
import type { MaskValues } from "./mask-values.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";

const labels: LabelSpace = {
  classes: [
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
  ],
  palette: [
    [128, 128, 128],
    [128, 0, 0],
    [192, 192, 128],
    [128, 64, 128],
    [60, 40, 222],
    [128, 128, 0],
    [192, 128, 128],
    [64, 64, 128],
    [64, 0, 128],
    [64, 64, 0],
    [0, 128, 192],
  ],
  ignoreLabel: IGNORE_LABEL,
};

const voidValue = 11;
const maskValues: MaskValues = new Map([
  ...labels.classes.map((_, index): [number, number] => [index, index]),
  [voidValue, IGNORE_LABEL],
]);

const splits = ["train", "val", "test"];

/**
 * CamVid, 11 classes, in the layout of the SegNet tutorial; mask value 11 (void) becomes the ignore label.
 *
 * `DIR/train.txt` lists the ids of `DIR/train/ID.png` (or .jpg) and `DIR/trainannot/ID.png`; `val` and `test` alike.
 */
export const camvid = {
  name: "camvid",
  labels,
  splits,
  async open(directory, split, options = {}) {
    requireSplit(split, splits);
    const layout = `expected DIR/${split}.txt, DIR/${split}/ID.png or .jpg and DIR/${split}annot/ID.png`;
    const files = await pairOfficialFiles({
      ...options,
      list: await readList(join(directory, `${split}.txt`), layout),
      photos: [join(directory, split), endingsOf(".png")],
      masks: [join(directory, `${split}annot`), ".png"],
      layout,
    });
    return pairedFilesDataset({ name: "camvid", split, labels, maskValues, files });
  },
} satisfies DatasetDescription;
