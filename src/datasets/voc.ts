import { join } from "node:path";
import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { DatasetDescription, LabelSpace } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { isThere } from "./files.ts";
import { readList } from "./list-file.ts";
import { indexValues } from "./mask-values.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";

const classes = [
  "background",
  "aeroplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "dining table",
  "dog",
  "horse",
  "motorbike",
  "person",
  "potted plant",
  "sheep",
  "sofa",
  "train",
  "tv monitor",
] as const;

/** The 20 classes of VOC and the background, which SBD and our view of COCO have too. */
export const vocLabels: LabelSpace = {
  classes,
  palette: vocPalette(classes.length),
  ignoreLabel: IGNORE_LABEL,
};

export const vocMaskValues = indexValues(classes);

const splits = ["train", "val", "trainval", "train_aug", "test"];

/**
 * PASCAL VOC 2012, 21 classes, in the official layout; mask value 255 (borders, objects left out) is the
 * ignore label.
 *
 * `DIR/ImageSets/Segmentation/SPLIT.txt` lists the ids of `DIR/JPEGImages/ID.jpg` and
 * `DIR/SegmentationClassAug/ID.png`, or `DIR/SegmentationClass/ID.png` where that folder is not there.
 */
export const voc = {
  name: "voc",
  labels: vocLabels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const layout = `expected DIR/ImageSets/Segmentation/${split}.txt, DIR/JPEGImages/ID.jpg and DIR/SegmentationClass[Aug]/ID.png`;
    const list = await readList(join(directory, "ImageSets", "Segmentation", `${split}.txt`), layout);
    // Those of VOC and of the augmented set (SBD) together; where they are absent, those of VOC alone.
    const augmented = join(directory, "SegmentationClassAug");
    const own = join(directory, "SegmentationClass");
    const files = await pairOfficialFiles({
      ...options,
      list,
      photos: [join(directory, "JPEGImages"), endingsOf(".jpg")],
      masks: [(await isThere(augmented)) ? augmented : own, ".png"],
      layout,
    });
    return pairedFilesDataset({ name: "voc", split, labels: vocLabels, maskValues: vocMaskValues, files });
  },
} satisfies DatasetDescription;
