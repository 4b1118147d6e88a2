import { readFile } from "node:fs/promises";
import { defaultTolerances } from "../export/check.ts";
import { exportOnnx } from "../export/onnx.ts";
import { OPSET } from "../graph/onnx/lower.ts";
import { decodePhoto } from "../images/node/decode.ts";
import { resizePhoto } from "../images/resample.ts";
import type { Photo } from "../images/types.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { loadModel } from "../model-files/node/load.ts";
import { checkFolderOf, writeFileAtomically } from "../node/files.ts";
import { readVersion } from "../node/version.ts";
import { checkExport } from "../node-engine.ts";
import { plural } from "../plural.ts";
import { createRandom } from "../random.ts";
import type { Command } from "./arguments.ts";
import { choice, classes, flag, help, json, real, size, text, threads, weights } from "./options.ts";
import { colors, formatBytes, formatList, formatShare, log } from "./output.ts";
import { summaries } from "./summaries.ts";

const DTYPES = ["fp32", "fp16"] as const;

const out = text("out", "FILE.onnx", "The file to write (required)");
const dtype = choice(
  "dtype",
  "TYPE",
  DTYPES,
  "Data type of weights and computation: fp32 or fp16 (default fp32)",
);
const upsample = flag("upsample", "Upsample the logits to the photo's size inside the graph");
const labels = flag("labels", "Output the best class of every pixel, uint8 [N, H, W], instead of logits");
const scores = flag("scores", "With --labels: output the logits as well");
const inputSize = size("size", "Only for inputs of this height x width and batch 1 (default: any)");
const photo = text("photo", "PHOTO", "Check on this photo (default: a made-up one)");
const tolerance = real(
  "tolerance",
  "X",
  { min: 0 },
  `Largest error of a logit, relative to the largest one (default ${defaultTolerances.fp32.error}, fp16 ${defaultTolerances.fp16.error})`,
);

export const exportCommand: Command = {
  name: "export",
  summary: summaries.export,
  operands: { name: "[MODEL]", min: 0, max: 1 },
  options: [
    out,
    weights,
    classes,
    dtype,
    upsample,
    labels,
    scores,
    inputSize,
    photo,
    tolerance,
    threads,
    json,
    help,
  ],
  notes: [
    `MODEL is a shipped model, a model file, the folder of a training run, or a network with --weights (default ${DEFAULT_MODEL}). Input: image, float32 [N, 3, H, W], normalized as the metadata say. Inputs and outputs are float32 with fp16 too, batch norm is folded into the convolution before it, and no feature map may leave the range of float16. Opset ${OPSET}.`,
    `The file is run on ONNX Runtime beside the model, at two odd sizes and as a batch of two, and not kept if logits or labels differ: labels must agree for ${formatShare(defaultTolerances.fp32.agreement)} of the pixels (fp16 ${formatShare(defaultTolerances.fp16.agreement)}).`,
  ],
  examples: [
    "lightseg export --out street.onnx --labels",
    "lightseg export runs/a/best.safetensors --out a.onnx --dtype fp16 --photo street.jpg",
    "lightseg export refinenet-lw-50 --weights voc.pth --out voc.onnx --upsample --size 512x512",
  ],

  async run(args, print) {
    const path = args.require(out);
    if (!path.endsWith(".onnx"))
      throw args.usageError("--out", "must be a file name that ends in .onnx", path);
    await checkFolderOf(path);
    if (args.has(scores) && !args.has(labels)) throw args.usageError("--scores", "needs --labels");
    const type = args.get(dtype) ?? "fp32";
    const limit = args.get(tolerance);
    const exported = {
      dtype: type,
      size: args.get(inputSize),
      upsample: args.has(upsample),
      labels: args.has(labels),
      scores: args.has(scores) || !args.has(labels),
    };
    const source = {
      model: args.operands[0],
      weights: args.get(weights),
      classes: args.get(classes),
      onNote: log,
    };
    const photoFile = args.get(photo);
    const model = await loadModel(source);
    const options = {
      exported,
      photo: photoFile === undefined ? madeUpPhoto() : await decodePhoto(photoFile),
      tolerance: { ...defaultTolerances[type], ...(limit !== undefined && { error: limit }) },
      threads: args.get(threads),
    };

    const bytes = exportOnnx(model, { ...exported, version: await readVersion() });
    let drift: Awaited<ReturnType<typeof checkExport>> = {};
    await writeFileAtomically(path, bytes, {
      async check(temporary) {
        drift = await checkExport(await readFile(temporary), model, options);
      },
    });

    const [height, width] = exported.size ?? ["H", "W"];
    const batch = exported.size ? 1 : "N";
    const outputs = [
      ...(exported.scores
        ? [
            `scores float32 [${batch}, ${model.classes.length}, ${exported.upsample ? `${height}, ${width}` : "h, w"}]`,
          ]
        : []),
      ...(exported.labels ? [`labels uint8 [${batch}, ${height}, ${width}]`] : []),
    ];
    const input = `image float32 [${batch}, 3, ${height}, ${width}]`;
    print(colors.bold(path));
    const rows: [string, string][] = [
      ["network", `${model.network}, ${plural(model.classes.length, "class", "classes")}`],
      ["size", `${formatBytes(bytes.length)}, ${type}`],
      ["opset", String(OPSET)],
      ["input", input],
      ...outputs.map((output): [string, string] => ["output", output]),
    ];
    if (drift.error !== undefined)
      rows.push(["largest error", `${drift.error.toExponential(1)} of the largest score`]);
    if (drift.agreement !== undefined)
      rows.push(["labels that agree", `${(100 * drift.agreement).toFixed(3)} %`]);
    print(formatList(rows, "  "));
    return {
      json: {
        out: path,
        network: model.network,
        classes: model.classes,
        bytes: bytes.length,
        dtype: type,
        opset: OPSET,
        input,
        outputs,
        largestError: drift.error ?? null,
        labelAgreement: drift.agreement ?? null,
      },
    };
  },
};

/** Soft patches of color with fine noise: something to find edges in, the same each time. */
function madeUpPhoto(): Photo {
  const random = createRandom(7);
  const patches = { width: 7, height: 5, data: Uint8Array.from({ length: 7 * 5 * 3 }, () => 256 * random()) };
  const { width, height, data } = resizePhoto(patches, 209, 161);
  return {
    width,
    height,
    data: data.map((value) => Math.max(0, Math.min(255, value + 24 * (random() - 0.5)))),
  };
}
