import { checkParts } from "../check.ts";
import type { Segmentation } from "./segmenter.ts";

/** @throws LightsegError INVALID_ARGUMENT for anything but a segmentation */
export function checkSegmentation(
  segmentation: Pick<Segmentation, "labels" | "palette">,
  where: string,
): void {
  const rule = "must be what segment gives";
  checkParts(segmentation, ["labels", "palette"], where, "segmentation", rule);
}
