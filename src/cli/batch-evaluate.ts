import { evaluateBatch } from "../batch/evaluate.ts";
import { confusionRows } from "../evaluation/confusion-matrix.ts";
import type { Command } from "./arguments.ts";
import { formatClasses, formatSummary } from "./evaluate-output.ts";
import { help, json } from "./options.ts";

export const batchEvaluate: Command = {
  name: "batch evaluate",
  summary: "Measures a batch that was run with --masks: sums the confusion matrices of all workers.",
  operands: { name: "TARGET", min: 1, max: 1 },
  options: [json, help],
  notes: [
    "Masks are gray or palette PNGs with the model's class indices; 255 is ignored. The measures are those of lightseg evaluate.",
    "Photos with an error count nowhere; the table of results has them.",
  ],
  examples: [
    "lightseg batch run photos/ --masks masks/ --out results && lightseg batch evaluate results",
    "lightseg batch evaluate s3://shop/classes --json",
  ],
  async run(args, print) {
    const [out = ""] = args.operands;
    const evaluation = await evaluateBatch(out);
    const { classes, photos } = evaluation;
    print(
      `${formatClasses(classes, { ...evaluation, images: photos })}\n\n${formatSummary({ ...evaluation, images: photos })}`,
    );
    const { miou, iou, accuracy, pixelAccuracy, meanAccuracy, frequencyWeightedIou, confusion } = evaluation;
    const measures = { miou, iou, accuracy, pixelAccuracy, meanAccuracy, frequencyWeightedIou };
    return { json: { photos, classes, ...measures, confusion: confusionRows(confusion) } };
  },
};
