import { LightsegError } from "../errors.ts";
import { bdd100k } from "./bdd100k.ts";
import { camvid } from "./camvid.ts";
import { cityscapes } from "./cityscapes.ts";
import { coco } from "./coco.ts";
import { custom } from "./custom.ts";
import type { DatasetDescription } from "./dataset.ts";
import { nyudv2 } from "./nyudv2.ts";
import { pascalContext59, pascalContext60 } from "./pascal-context.ts";
import { personPart } from "./person-part.ts";
import { sbd } from "./sbd.ts";
import { voc } from "./voc.ts";
import { vocPeople } from "./voc-people.ts";

/** Every data set that lightseg reads. To add one: write its file, add it here. */
export const datasets: readonly DatasetDescription[] = [
  camvid,
  voc,
  vocPeople,
  sbd,
  coco,
  nyudv2,
  personPart,
  pascalContext59,
  pascalContext60,
  cityscapes,
  bdd100k,
  custom,
];

/**
 * Finds a data set by its name, e.g. `camvid`.
 *
 * @throws LightsegError INVALID_ARGUMENT, with the known names
 */
export function findDataset(name: string): DatasetDescription {
  const found = datasets.find((dataset) => dataset.name === name);
  if (found === undefined) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "findDataset",
      argument: "name",
      rule: `must be one of ${datasets.map((dataset) => dataset.name).join(", ")}`,
      value: name,
    });
  }
  return found;
}
