import { join } from "node:path";
import { cityscapesLabels, trainIdValues } from "./cityscapes.ts";
import type { DatasetDescription } from "./dataset.ts";
import { checkOpening } from "./errors.ts";
import { endingsOf, pairOfficialFiles } from "./pair-files.ts";
import { pairedFilesDataset } from "./paired-files.ts";

// The labels of the test split are not public.
const splits = ["train", "val"];

/**
 * BDD100K, semantic segmentation (10K), the 19 classes of Cityscapes; mask value 255 is the ignore label.
 *
 * `DIR/images/10k/SPLIT/ID.jpg` and `DIR/labels/sem_seg/masks/SPLIT/ID.png`.
 */
export const bdd100k = {
  name: "bdd100k",
  labels: cityscapesLabels,
  splits,
  async open(directory, split, options = {}) {
    checkOpening({ directory, split, options }, splits);
    const layout = `expected DIR/images/10k/${split}/ID.jpg and DIR/labels/sem_seg/masks/${split}/ID.png`;
    const files = await pairOfficialFiles({
      ...options,
      photos: [join(directory, "images", "10k", split), endingsOf(".jpg")],
      masks: [join(directory, "labels", "sem_seg", "masks", split), ".png"],
      layout,
    });
    return pairedFilesDataset({
      name: "bdd100k",
      split,
      labels: cityscapesLabels,
      maskValues: trainIdValues,
      files,
    });
  },
} satisfies DatasetDescription;
