import { encodeLabelPng } from "../images/label-png.ts";
import { checkSegmentation } from "../inference/check-segmentation.ts";
import type { Segmentation } from "../inference/segmenter.ts";

/**
 * Encodes the labels of a segmentation as an 8-bit palette PNG: the value of a pixel is its label, its color
 * that of the class.
 */
export async function renderLabels(
  segmentation: Pick<Segmentation, "width" | "height" | "labels" | "palette">,
): Promise<Blob> {
  checkSegmentation(segmentation, "renderLabels");
  const { width, height, labels: data, palette } = segmentation;
  return new Blob([await encodeLabelPng({ width, height, data }, palette, deflate)], { type: "image/png" });
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  // "deflate" is the zlib format.
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
