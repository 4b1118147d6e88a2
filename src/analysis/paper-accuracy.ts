/** Accuracies that the Light-Weight RefineNet paper and its relatives publish, in per cent, as printed. */

/** mIoU of a network on the split of a data set. */
export interface PublishedAccuracy {
  readonly table: 2 | 3 | "NDNet" | "FRM";
  readonly network: string;
  /** As `--dataset` names it. */
  readonly dataset: string;
  readonly split: string;
  readonly miou: number;
  /** How it was measured, where that is said. */
  readonly conditions?: string;
}

const msc = { conditions: "multi-scale" };

export const publishedAccuracies: readonly PublishedAccuracy[] = [
  { table: 2, network: "refinenet-50", dataset: "nyudv2", split: "val", miou: 42.5 },
  { table: 2, network: "refinenet-101", dataset: "nyudv2", split: "val", miou: 43.6 },
  { table: 2, network: "refinenet-152", dataset: "nyudv2", split: "val", miou: 46.5, ...msc },
  { table: 2, network: "refinenet-lw-50", dataset: "nyudv2", split: "val", miou: 41.7 },
  { table: 2, network: "refinenet-lw-101", dataset: "nyudv2", split: "val", miou: 43.6 },
  { table: 2, network: "refinenet-lw-152", dataset: "nyudv2", split: "val", miou: 44.4 },
  { table: 2, network: "refinenet-50", dataset: "person-part", split: "val", miou: 65.7 },
  { table: 2, network: "refinenet-101", dataset: "person-part", split: "val", miou: 67.6 },
  { table: 2, network: "refinenet-152", dataset: "person-part", split: "val", miou: 68.8, ...msc },
  { table: 2, network: "refinenet-lw-50", dataset: "person-part", split: "val", miou: 64.9 },
  { table: 2, network: "refinenet-lw-101", dataset: "person-part", split: "val", miou: 66.7 },
  { table: 2, network: "refinenet-lw-152", dataset: "person-part", split: "val", miou: 67.6 },
  { table: 3, network: "refinenet-101", dataset: "voc", split: "test", miou: 82.4 },
  { table: 3, network: "refinenet-152", dataset: "voc", split: "test", miou: 83.4 },
  { table: 3, network: "refinenet-lw-50", dataset: "voc", split: "val", miou: 78.5 },
  { table: 3, network: "refinenet-lw-101", dataset: "voc", split: "val", miou: 80.3 },
  { table: 3, network: "refinenet-lw-152", dataset: "voc", split: "val", miou: 82.1 },
  { table: 3, network: "refinenet-lw-mobilenet-v2", dataset: "voc", split: "val", miou: 76.2 },
  { table: 3, network: "refinenet-lw-nasnet-mobile", dataset: "voc", split: "val", miou: 77.4 },
  { table: 3, network: "refinenet-lw-50", dataset: "voc", split: "test", miou: 81.1 },
  { table: 3, network: "refinenet-lw-101", dataset: "voc", split: "test", miou: 82.0 },
  { table: 3, network: "refinenet-lw-152", dataset: "voc", split: "test", miou: 82.7 },
  { table: 3, network: "refinenet-lw-mobilenet-v2", dataset: "voc", split: "test", miou: 79.2 },
  { table: 3, network: "refinenet-lw-nasnet-mobile", dataset: "voc", split: "test", miou: 79.3 },
  { table: "NDNet", network: "ndnet45-fcn32", dataset: "cityscapes", split: "val", miou: 61.5 },
  { table: "NDNet", network: "ndnet45", dataset: "cityscapes", split: "test", miou: 65.3 },
  { table: "FRM", network: "frm-van-b0", dataset: "cityscapes", split: "test", miou: 80.4 },
];

/** Table 4: heads on the lowest-resolution block of RefineNet-101, all else frozen; VOC val, in per cent. */
export const publishedProbes = [
  { place: "before RCU", at: "before:adapt_stage1_b", miou: 54.63, accuracy: 95.39 },
  { place: "after RCU", at: "adapt_stage1_b", miou: 55.16, accuracy: 95.42 },
  { place: "after CRP", at: "mflow_conv_g1_pool", miou: 57.83, accuracy: 97.71 },
] as const;
