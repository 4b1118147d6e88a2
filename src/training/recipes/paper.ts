import { backboneOf } from "../../models/zoo.ts";
import type { TrainingOptions } from "../config.ts";

/** Initial rates for ResNets and for smaller backbones (Sec. 4). Decoders have ten times as much. */
const rates = { resnet: 5e-4, other: 1e-3 };

/**
 * Settings of all trainings of the paper (Sec. 4): SGD with momentum, batch norm frozen. Batch, crop, scale,
 * shorter side and weight decay are not printed, and come from the authors' code.
 */
export function paperSettings(network: string) {
  const rate = backboneOf(network).startsWith("resnet-") ? rates.resnet : rates.other;
  return {
    encoderLearningRate: rate,
    decoderLearningRate: 10 * rate,
    optimizer: "sgd",
    momentum: 0.9,
    weightDecay: 1e-5,
    batchNorm: "frozen",
    batch: 6,
    crop: [500, 500],
    shorterSide: 350,
    scale: [0.5, 2],
    mirror: true,
  } satisfies Partial<TrainingOptions>;
}

/** NYUDv2's strategy, which Person-Part has too: 300 epochs, the rate halved after 100 and after 200. */
export function threeHundredEpochs(network: string) {
  return {
    ...paperSettings(network),
    epochs: 300,
    schedule: { kind: "stages", boundaries: [100, 200], factors: [1, 0.5, 0.25] },
  } satisfies Partial<TrainingOptions>;
}
