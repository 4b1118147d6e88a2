import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { DatasetDescription, LabelSpace, OpenOptions } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { readList } from "./list-file.ts";
import { indexValues } from "./mask-values.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset, type SampleFiles } from "./paired-files.ts";

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
const maskValues = indexValues(labels.classes, voidValue);

/** The drives that the training frames are from. Names begin with the drive: `0001TP_006690`. */
const drives = ["0001TP", "0006R0", "0016E5"];
const lists = ["train", "val", "test"];
const splits = [
  ...lists,
  "trainval",
  ...drives.flatMap((drive) => [`train-without-${drive}`, `train-only-${drive}`]),
];

/**
 * CamVid, 11 classes, in the layout of the SegNet tutorial; mask value 11 (void) becomes the ignore label.
 *
 * `DIR/train.txt` lists the ids of `DIR/train/ID.png` (or .jpg) and `DIR/trainannot/ID.png`; `val` and `test`
 * alike. `trainval` is train, then val.
 *
 * Frames of one drive are alike, and all of val are from a drive that train has too. To measure a network on
 * unseen streets, leave out a whole drive: train on `train-without-0001TP`, validate on `train-only-0001TP`.
 * Of the usual 367 frames, 62 are from `0001TP` (at dusk), 101 from `0006R0` and 204 from `0016E5`.
 */
export const camvid = {
  name: "camvid",
  labels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const [, part, drive] = /^train-(without|only)-(.*)$/.exec(split) ?? [];
    const names = split === "trainval" ? ["train", "val"] : [drive === undefined ? split : "train"];
    const found = await Promise.all(names.map((name) => pairList(directory, name, options)));
    const isChosen = ({ id }: SampleFiles) =>
      drive === undefined || id.startsWith(`${drive}_`) === (part === "only");
    const files = found.flat().filter(isChosen);
    if (files.length === 0) throw noFrames(directory, split);
    return pairedFilesDataset({ name: "camvid", split, labels, maskValues, files });
  },
} satisfies DatasetDescription;

/** The frames of one of the lists on disk. */
async function pairList(directory: string, name: string, options: OpenOptions): Promise<SampleFiles[]> {
  const layout = `expected DIR/${name}.txt, DIR/${name}/ID.png or .jpg and DIR/${name}annot/ID.png`;
  return pairOfficialFiles({
    ...options,
    list: await readList(join(directory, `${name}.txt`), layout),
    photos: [join(directory, name), endingsOf(".png")],
    masks: [join(directory, `${name}annot`), ".png"],
    layout,
  });
}

function noFrames(directory: string, split: string): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file: join(directory, "train.txt"),
    argument: "list",
    rule: `must hold frames of ${split}, whose names begin with their drive, such as ${drives[0]}_006690`,
  });
}
