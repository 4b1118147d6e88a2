import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { MAX_PIXELS } from "../images/check.ts";
import type { LabelMap } from "../images/types.ts";
import type { DatasetDescription } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { isThere } from "./files.ts";
import { readList } from "./list-file.ts";
import { readMat5 } from "./mat5.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";
import { vocLabels, vocMaskValues } from "./voc.ts";

const splits = ["train", "val"];

/**
 * SBD, the Semantic Boundaries Dataset of Berkeley (`benchmark_RELEASE`): photos of VOC with VOC's 21
 * classes.
 *
 * `DIR/dataset/SPLIT.txt` lists the ids of `DIR/dataset/img/ID.jpg` and `DIR/dataset/cls/ID.mat`, or, if that
 * folder exists, `DIR/dataset/cls_png/ID.png`. Borders are labelled too, so no pixel is ignored; 255 in a PNG
 * is the ignore label.
 *
 * Its splits are its own: `train` holds photos of VOC's validation split.
 */
export const sbd = {
  name: "sbd",
  photosOf: "voc",
  labels: vocLabels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const root = join(directory, "dataset");
    const layout = `expected DIR/dataset/${split}.txt, DIR/dataset/img/ID.jpg and DIR/dataset/cls/ID.mat or cls_png/ID.png, DIR being benchmark_RELEASE`;
    const hasPngs = await isThere(join(root, "cls_png"));
    const files = await pairOfficialFiles({
      ...options,
      list: await readList(join(root, `${split}.txt`), layout),
      photos: [join(root, "img"), endingsOf(".jpg")],
      masks: hasPngs ? [join(root, "cls_png"), ".png"] : [join(root, "cls"), ".mat"],
      layout,
    });
    return pairedFilesDataset({
      name: "sbd",
      split,
      labels: vocLabels,
      maskValues: vocMaskValues,
      ...(hasPngs ? {} : { decode: decodeMatMask }),
      files,
    });
  },
} satisfies DatasetDescription;

/** The field Segmentation of the struct GTcls, turned from columns to rows. */
function decodeMatMask(bytes: Uint8Array, file: string): LabelMap {
  const truth = readMat5(bytes, file).get("GTcls");
  const mask = truth?.kind === "struct" ? truth.elements[0]?.get("Segmentation") : undefined;
  if (mask?.kind !== "numbers") throw invalidMask(file, "must hold numbers in GTcls.Segmentation");
  const [height = 0, width = 0] = mask.dims;
  const { data: values } = mask;
  if (mask.dims.length !== 2 || values.length < 1 || values.length > MAX_PIXELS)
    throw invalidMask(file, `must hold a matrix of 1 to ${MAX_PIXELS} pixels`, mask.dims.join(" x "));
  const strange = values.find((value) => !(Number.isInteger(value) && value >= 0 && value <= 255));
  if (strange !== undefined) throw invalidMask(file, "must hold labels of 0 to 255", strange);
  const data = new Uint8Array(values.length);
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++) data[pixel++] = values[x * height + y] ?? 0;
  return { width, height, data };
}

function invalidMask(file: string, rule: string, value?: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_DATASET", where: "load", file, argument: "mask", rule, value });
}
