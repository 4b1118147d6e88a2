import { join } from "node:path";
import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { DatasetDescription } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { firstPresent } from "./files.ts";
import { readList } from "./list-file.ts";
import type { MaskValues } from "./mask-values.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";

/** The 59 frequent classes, in the official order of mask values 1 to 59. */
const classes =
  `aeroplane bag bed bedclothes bench bicycle bird boat book bottle building bus cabinet car cat ceiling chair cloth computer cow
cup curtain dog door fence floor flower food grass ground horse keyboard light motorbike mountain mouse person plate platform pottedplant
road rock sheep shelves sidewalk sign sky snow sofa table track train tree truck tvmonitor wall water window wood`.split(
    /\s+/,
  );
const splits = ["train", "val"];

/**
 * PASCAL Context (Mottaghi et al. 2014), with 59 classes, mask value 0 (everything else) being ignored, or
 * with 60, where it is `background`.
 *
 * `DIR/ImageSets/SegmentationContext/SPLIT.txt` (or `DIR/SPLIT.txt`) lists the ids of
 * `DIR/JPEGImages/ID.jpg`, which are VOC's, and `DIR/SegmentationClassContext/ID.png`, whose values are 0 to
 * 59 and 255, the ignore label.
 */
function pascalContext(count: 59 | 60) {
  const name = `pascal-context-${count}`;
  const names = count === 60 ? ["background", ...classes] : classes;
  const labels = {
    classes: names,
    // The color of a class is the same with and without background.
    palette: vocPalette(60).slice(60 - count),
    ignoreLabel: IGNORE_LABEL,
  } as const;
  const maskValues: MaskValues = new Map([
    [0, count === 60 ? 0 : IGNORE_LABEL],
    ...classes.map((_, index): [number, number] => [index + 1, index + count - 59]),
    [255, IGNORE_LABEL],
  ]);
  return {
    name,
    photosOf: "voc",
    labels,
    splits,
    async open(directory, split, options = {}) {
      checkOpening({ directory, split, options }, splits);
      const layout = `expected DIR/ImageSets/SegmentationContext/${split}.txt or DIR/${split}.txt, DIR/JPEGImages/ID.jpg and DIR/SegmentationClassContext/ID.png`;
      const list = await firstPresent([
        join(directory, "ImageSets", "SegmentationContext", `${split}.txt`),
        join(directory, `${split}.txt`),
      ]);
      const files = await pairOfficialFiles({
        ...options,
        list: await readList(list, layout),
        photos: [join(directory, "JPEGImages"), endingsOf(".jpg")],
        masks: [join(directory, "SegmentationClassContext"), ".png"],
        layout,
      });
      return pairedFilesDataset({ name, split, labels, maskValues, files });
    },
  } satisfies DatasetDescription;
}

export const pascalContext59 = pascalContext(59);
export const pascalContext60 = pascalContext(60);
