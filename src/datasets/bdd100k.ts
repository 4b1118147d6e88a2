import { join } from "node:path";
import { cityscapesLabels, trainIdValues } from "./cityscapes.ts";
import type { DatasetDescription } from "./dataset.ts";
import { listFileNames, pairFiles } from "./file-names.ts";
import { requireSplit } from "./files.ts";
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
    requireSplit(split, splits);
    const layout = `expected DIR/images/10k/${split}/ID.jpg and DIR/labels/sem_seg/masks/${split}/ID.png`;
    const photos = await listFileNames(join(directory, "images", "10k", split), {
      endings: [".jpg"],
      layout,
    });
    const folder = join(directory, "labels", "sem_seg", "masks", split);
    const masks = await listFileNames(folder, { endings: [".png"], layout });
    return pairedFilesDataset({
      name: "bdd100k",
      split,
      labels: cityscapesLabels,
      maskValues: trainIdValues,
      files: pairFiles({ ...options, photos, masks, layout }),
    });
  },
} satisfies DatasetDescription;
