import { encodeIndexedPng } from "../../images/indexed-png.ts";
import { encodePng } from "../../images/node/encode.ts";
import { addLegend } from "../../images/node/legend.ts";
import { drawOverlay, type OverlayOptions } from "../../images/overlay.ts";
import type { LabelMap } from "../../images/types.ts";
import { checkSegmentation } from "../check-segmentation.ts";
import type { Segmentation } from "../segmenter.ts";

/** The photo with the classes in color and a legend below, as the bytes of a PNG. */
export async function renderOverlay(
  segmentation: Segmentation,
  options: OverlayOptions = {},
): Promise<Uint8Array> {
  checkSegmentation(segmentation, "renderOverlay");
  const { photo, palette, found } = segmentation;
  return encodePng(await addLegend(drawOverlay(photo, labelMap(segmentation), palette, options), found));
}

/** The labels as the bytes of a PNG whose pixels are class indices and whose palette has the class colors. */
export function renderLabels(segmentation: Segmentation): Uint8Array {
  checkSegmentation(segmentation, "renderLabels");
  return encodeIndexedPng(labelMap(segmentation), segmentation.palette);
}

function labelMap({ width, height, labels }: Segmentation): LabelMap {
  return { width, height, data: labels };
}
