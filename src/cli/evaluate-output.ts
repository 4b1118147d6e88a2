import { dirname, join } from "node:path";
import type { Dataset } from "../datasets/dataset.ts";
import { type ConfusionMatrix, confusionRows } from "../evaluation/confusion-matrix.ts";
import type { Evaluation } from "../evaluation/evaluate.ts";
import { formatTable } from "../format-table.ts";
import { encodeIndexedPng } from "../images/indexed-png.ts";
import type { LabelMap } from "../images/types.ts";
import { makeFolder, writeFileAtomically } from "../node/files.ts";
import { formatShare } from "./output.ts";

/** A line for each class, with its measures side by side. */
export function formatClasses(classes: readonly string[], { iou, accuracy, boundary }: Evaluation): string {
  const columns = [iou, accuracy, ...(boundary ? [boundary.score] : [])];
  const rows = classes.map((name, label) => [name, ...columns.map((values) => formatShare(values[label]))]);
  return formatTable([["class", "IoU", "accuracy", ...(boundary ? ["boundary F"] : [])], ...rows]);
}

/** The IoU of each class, a line each. */
export function iouTable(iou: Readonly<Record<string, number | null>>): string {
  const rows = Object.entries(iou).map(([name, value]) => [name, formatShare(value)]);
  return formatTable([["class", "IoU"], ...rows]);
}

/** The measures of all classes together. */
export function formatSummary(evaluation: Evaluation): string {
  const { miou, pixelAccuracy, meanAccuracy, frequencyWeightedIou } = evaluation;
  const { boundary, calibration, lowConfidence, images } = evaluation;
  return formatTable([
    ["mean IoU", formatShare(miou)],
    ["pixel accuracy", formatShare(pixelAccuracy)],
    ["mean accuracy", formatShare(meanAccuracy)],
    ["frequency-weighted IoU", formatShare(frequencyWeightedIou)],
    ...(calibration ? [["expected calibration error", formatShare(calibration.error)]] : []),
    ...(lowConfidence === undefined ? [] : [["low mean confidence", formatShare(lowConfidence)]]),
    ...(boundary ? [["mean boundary F", formatShare(boundary.meanScore)]] : []),
    ["images", String(images)],
  ]);
}

/** A confusion matrix as CSV (RFC 4180), with the names of the classes in its first row and column. */
export function confusionCsv(classes: readonly string[], confusion: ConfusionMatrix): string {
  const header = ["truth \\ prediction", ...classes];
  const rows = confusionRows(confusion).map((counts, label) => [classes[label] ?? "", ...counts]);
  return [header, ...rows].map((row) => `${row.map(quote).join(",")}\r\n`).join("");
}

function quote(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Makes a function that writes predictions as palette PNGs, `FOLDER/ID.png`.
 *
 * Those of PASCAL VOC lie where its server looks for them:
 * `FOLDER/results/VOC2012/Segmentation/comp6_SPLIT_cls/ID.png`.
 */
export function predictionWriter({ name, split, labels }: Dataset, folder: string) {
  const layout = name === "voc" ? join("results", "VOC2012", "Segmentation", `comp6_${split}_cls`) : "";
  return async (id: string, prediction: LabelMap): Promise<void> => {
    const path = join(folder, layout, `${id}.png`);
    await makeFolder(dirname(path));
    await writeFileAtomically(path, encodeIndexedPng(prediction, labels.palette));
  };
}
