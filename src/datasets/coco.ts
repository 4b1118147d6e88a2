import { join } from "node:path";
import { decodeOrientedPhoto } from "../images/node/decode.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap } from "../images/types.ts";
import { type CocoObject, readCocoPhotos } from "./coco-annotations.ts";
import { drawRegion, type RegionSize } from "./coco-regions.ts";
import type { DatasetDescription } from "./dataset.ts";
import { checkOpening, notFound } from "./errors.ts";
import { listFileNames } from "./file-names.ts";
import { withoutEnding } from "./list-file.ts";
import { isTurnedUnseen, requireSizeOf, sampleAt } from "./sample-checks.ts";
import { vocLabels } from "./voc.ts";

const splits = ["train", "val"];

/**
 * COCO 2017 with the 21 classes of VOC: photos with at least one object of them. Other objects are
 * background.
 *
 * `DIR/annotations/instances_SPLIT2017.json` and `DIR/SPLIT2017/ID.jpg`. Crowds of VOC's classes get the
 * ignore label. Where objects overlap, the smaller is on top; of equal areas, the later.
 */
export const coco = {
  name: "coco",
  labels: vocLabels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const layout = `expected DIR/annotations/instances_${split}2017.json and DIR/${split}2017/ID.jpg`;
    const annotations = join(directory, "annotations", `instances_${split}2017.json`);
    // Photos are named with their ending in the annotations.
    const folder = join(directory, `${split}2017`);
    const { paths } = await listFileNames(folder, { endings: [""], layout });
    const { photos, warnings } = await readCocoPhotos(annotations, layout);
    const samples = photos.map((shown) => {
      const path = paths.get(shown.fileName);
      const fault = path ? undefined : notFound(join(folder, shown.fileName), "photo", "must exist", layout);
      if (fault && options.missing !== "keep") throw fault;
      return { ...shown, id: withoutEnding(shown.fileName), path, fault };
    });
    return {
      name: "coco",
      split,
      labels: vocLabels,
      size: samples.length,
      ids: samples.map(({ id }) => id),
      warnings,
      async load(index) {
        const { id, path, fault, width, height, objects } = sampleAt(samples, index);
        if (path === undefined) throw fault;
        const oriented = await decodeOrientedPhoto(path);
        const { photo } = oriented;
        requireSizeOf(oriented, { width, height, file: annotations, argument: `image ${id}` });
        const labels = drawLabels(objects, photo, annotations);
        return { id, photo, labels, turned: isTurnedUnseen(oriented) };
      },
    };
  },
} satisfies DatasetDescription;

/** @param annotations the file that the objects are from, for errors */
function drawLabels(objects: readonly CocoObject[], size: RegionSize, annotations: string): LabelMap {
  const { width, height } = size;
  const data = new Uint8Array(width * height);
  const bottomUp = objects.toSorted((a, b) => Number(b.isCrowd) - Number(a.isCrowd) || b.area - a.area);
  for (const { id, label, isCrowd, segmentation } of bottomUp) {
    const region = drawRegion(segmentation, size, annotations, `annotation ${id}`);
    for (let x = 0, at = 0; x < width; x++)
      for (let y = 0; y < height; y++)
        if (region[at++] === 1) data[y * width + x] = isCrowd ? IGNORE_LABEL : label;
  }
  return { width, height, data };
}
