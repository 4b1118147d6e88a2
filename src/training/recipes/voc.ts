import { paperSettings } from "./paper.ts";
import type { Recipe } from "./recipe.ts";

/**
 * The paper's, Sec. 4: COCO, then the augmented set (SBD), then VOC itself; "we reduce the learning rate by
 * half after 20 epochs of COCO training and after 50 epochs of the BSD training, and keep training until 200
 * total epochs". SBD holds photos of VOC's validation split; those are left out, as everywhere in lightseg.
 */
export const voc: Recipe = {
  name: "voc",
  summary: "the paper's: 20 epochs of COCO, 50 of SBD, 130 of VOC, the rate halved each time",
  datasets: ["coco", "sbd", "voc"],
  build({ network, folder }) {
    const settings = paperSettings(network);
    const stage = (dataset: string, epochs: number, factor: number) => ({
      dataset,
      data: folder(dataset),
      epochs,
      encoderLearningRate: settings.encoderLearningRate * factor,
      decoderLearningRate: settings.decoderLearningRate * factor,
    });
    return {
      network,
      dataset: "voc",
      data: folder("voc"),
      ...settings,
      schedule: { kind: "stages", boundaries: [], factors: [1] },
      stages: [stage("coco", 20, 1), stage("sbd", 50, 0.5), stage("voc", 130, 0.25)],
    };
  },
};
