import { join } from "node:path";
import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { DatasetDescription, LabelSpace } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { firstPresent } from "./files.ts";
import { readList } from "./list-file.ts";
import { indexValues } from "./mask-values.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";

const classes = ["background", "head", "torso", "upper arms", "lower arms", "upper legs", "lower legs"];
const labels: LabelSpace = { classes, palette: vocPalette(classes.length), ignoreLabel: IGNORE_LABEL };
const maskValues = indexValues(classes);
const splits = ["train", "val", "trainval"];

/**
 * PASCAL Person-Part (Chen et al. 2014), 7 classes; mask value 255 is the ignore label.
 *
 * `DIR/pascal_person_part_trainval_list/SPLIT.txt` (or `DIR/list/SPLIT_id.txt`, or `DIR/SPLIT.txt`) lists the
 * ids of `DIR/JPEGImages/ID.jpg`, which are VOC's, and `DIR/pascal_person_part_gt/ID.png`.
 */
export const personPart = {
  name: "person-part",
  photosOf: "voc",
  labels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const layout = `expected DIR/pascal_person_part_trainval_list/${split}.txt, DIR/list/${split}_id.txt or DIR/${split}.txt, DIR/JPEGImages/ID.jpg and DIR/pascal_person_part_gt/ID.png`;
    const list = await firstPresent([
      join(directory, "pascal_person_part_trainval_list", `${split}.txt`),
      join(directory, "list", `${split}_id.txt`),
      join(directory, `${split}.txt`),
    ]);
    const files = await pairOfficialFiles({
      ...options,
      list: await readList(list, layout),
      photos: [join(directory, "JPEGImages"), endingsOf(".jpg")],
      masks: [join(directory, "pascal_person_part_gt"), ".png"],
      layout,
    });
    return pairedFilesDataset({ name: "person-part", split, labels, maskValues, files });
  },
} satisfies DatasetDescription;
