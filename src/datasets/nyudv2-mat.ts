import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { Photo } from "../images/types.ts";
import type { Dataset, LabelSpace } from "./dataset.ts";
import { notFound } from "./errors.ts";
import { readMat5 } from "./mat5.ts";
import { readMat73 } from "./mat73.ts";
import { sampleAt } from "./sample-checks.ts";

export interface OpenLabeledMatOptions {
  /** `nyu_depth_v2_labeled.mat`; the others lie beside it. */
  readonly file: string;
  readonly directory: string;
  /** `train`, or `val` for the official test split. */
  readonly split: string;
  readonly labels: LabelSpace;
  /** The expected files, shown as a hint when one is missing. */
  readonly layout: string;
}

/**
 * Opens the official files of NYUDv2: photos with labels of 894 classes, the splits, and the map from those
 * to 40.
 *
 * The id of a sample is its number in the file, from 1, in six digits (`000834`).
 *
 * @throws LightsegError NOT_FOUND when one is missing, INVALID_DATASET when one is malformed or they do not
 *   fit together
 */
export async function openLabeledMat(options: OpenLabeledMatOptions): Promise<Dataset> {
  const { file, directory, split, labels, layout } = options;
  // [number, 3, width, height] and [number, width, height], in MATLAB [height, width, 3, number] and [height,
  // width, number].
  const [imageShape, labelShape] = await readMat73(file, (arrayOf) => [
    arrayOf("images").shape,
    arrayOf("labels").shape,
  ]);
  const [count = 0, width = 0, height = 0] = labelShape;
  if (labelShape.length !== 3 || imageShape.join() !== [count, 3, width, height].join()) {
    const found = `images [${imageShape}] and labels [${labelShape}]`;
    throw invalid("open", file, "must hold images [N, 3, W, H] and labels [N, W, H]", found);
  }
  const splitFile = join(directory, "splits.mat");
  const numbers = await readIntegers(splitFile, split === "train" ? "trainNdxs" : "testNdxs", layout);
  const outside = numbers.find((number) => number < 1 || number > count);
  if (outside !== undefined) throw invalid("open", splitFile, `must list photos 1 to ${count}`, outside);

  const mapFile = join(directory, "classMapping40.mat");
  const classOf = await readIntegers(mapFile, "mapClass", layout);
  const unknown = classOf.find((value) => value < 1 || value > labels.classes.length);
  if (unknown !== undefined)
    throw invalid("open", mapFile, `must map to classes 1 to ${labels.classes.length}`, unknown);
  // 0 is unlabelled.
  const labelOf = [IGNORE_LABEL, ...classOf.map((value) => value - 1)];

  const ids = numbers.map((number) => String(number).padStart(6, "0"));
  return {
    name: "nyudv2",
    split,
    labels,
    size: ids.length,
    ids,
    async load(index) {
      const item = sampleAt(numbers, index) - 1;
      const [image, truth] = await readMat73(file, (arrayOf) => [
        arrayOf("images").readItem(item),
        arrayOf("labels").readItem(item),
      ]);
      const data = Uint8Array.from(turn(truth, width, height), (value) => {
        const label = labelOf[value];
        if (label !== undefined) return label;
        throw invalid("load", file, `must have labels 0 to ${classOf.length} in photo ${item + 1}`, value);
      });
      return {
        id: ids[index] ?? "",
        photo: turnPhoto(image, width, height),
        labels: { width, height, data },
      };
    },
  };
}

/** From `[width, height]` to `[height, width]`. */
function turn(columns: ArrayLike<number>, width: number, height: number): Uint16Array {
  const rows = new Uint16Array(width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[at++] = columns[x * height + y] ?? 0;
  return rows;
}

/** From `[3, width, height]` to `[height, width, 3]`. */
function turnPhoto(planes: ArrayLike<number>, width: number, height: number): Photo {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++)
        data[at++] = planes[(channel * width + x) * height + y] ?? 0;
  return { width, height, data };
}

/** The numbers of a variable of a MATLAB 5 file, at least one. */
async function readIntegers(file: string, variable: string, layout: string): Promise<number[]> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw notFound(file, "file", "must be readable", layout, cause);
  });
  const value = readMat5(bytes, file).get(variable);
  if (value?.kind !== "numbers" || value.data.length === 0 || !value.data.every(Number.isInteger))
    throw invalid("open", file, `must hold whole numbers in ${variable}`);
  return [...value.data];
}

function invalid(where: string, file: string, rule: string, value?: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_DATASET", where, file, argument: "content", rule, value });
}
