import { realpath, stat } from "node:fs/promises";
import { LightsegError } from "../errors.ts";
import { formatTable } from "../format-table.ts";
import { readParameters } from "../model-files/node/shipped.ts";
import { requireWeights } from "../model-files/parameters.ts";
import { buildNetwork, parameterShapes } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import { isNetwork } from "../models/zoo.ts";
import { averageWeights } from "../weights/average.ts";
import { decodeElements } from "../weights/elements.ts";
import { encodeTensor, type FloatType } from "../weights/encode-tensor.ts";
import { readWeights } from "../weights/node/read.ts";
import { weightsFormatOf, writeWeights } from "../weights/node/write.ts";
import type { Arguments, Command, Option } from "./arguments.ts";
import { choice, flag, help, integer, json, text } from "./options.ts";
import { colors } from "./output.ts";
import { summaries } from "./summaries.ts";

const DTYPES = ["fp32", "fp16", "bf16"] as const;
const FLOAT_TYPES = { fp32: "F32", fp16: "F16", bf16: "BF16" } as const;

const dtype = choice("dtype", "TYPE", DTYPES, "How values are stored: fp32, fp16 or bf16 (default fp32)");
const network: Option<string> = {
  name: "model",
  value: "NETWORK",
  help: "Keep only the parameters of this network, and fail if any is missing; needs --classes",
  rule: "a network that lightseg info lists, or DECODER+BACKBONE",
  parse: (typed) => (isNetwork(typed) ? typed : undefined),
};
const classes = integer("classes", "N", { min: 1, max: 255 }, "Number of classes of --model");
const average = text("average", "FILE", "Write the mean of A's weights and of those in FILE, value by value");
const force = flag("force", "Replace B if it is there already");

export const convert: Command = {
  name: "convert",
  summary: summaries.convert,
  operands: { name: "A B", min: 2, max: 2 },
  options: [dtype, network, classes, average, force, json, help],
  notes: [
    "A is a PyTorch checkpoint of any age, safetensors, the index of sharded safetensors, an ONNX model, or a folder with one of these, told apart by content. B becomes what its name says: .safetensors, or a PyTorch checkpoint as .pth, .pt or .pth.tar, which torch.load opens with weights_only=True.",
    "The mean of weights that were trained on from the same ones, by other settings or on other photos, is often better than either.",
    "Text that a safetensors file holds beside its tensors, such as the description of a model, is kept in a safetensors file; PyTorch checkpoints have no place for it. B is written whole or not at all.",
  ],
  examples: [
    "lightseg convert voc.pth voc.safetensors",
    "lightseg convert runs/a/best.safetensors small.safetensors --dtype fp16",
    "lightseg convert runs/a/best.safetensors both.safetensors --average runs/b/best.safetensors",
    "lightseg convert voc.pth net.pth --model refinenet-lw-mobilenet-v2 --classes 21",
  ],

  async run(args, print) {
    const [from = "", to = ""] = args.operands;
    const type = args.get(dtype) ?? "fp32";
    const selection = readSelection(args);
    const format = weightsFormatOf(to);
    await checkTarget(args, from, to);

    const read = (file: string) => (selection ? select(file, selection) : readAll(file));
    const { weights: own, metadata, left } = await read(from);
    const second = args.get(average);
    const weights = second === undefined ? own : averageWeights(own, (await read(second)).weights, second);
    const kept = format === "safetensors" ? metadata : {};
    const before = await fileSizeOf(from);
    await writeWeights(to, weights, { dtype: FLOAT_TYPES[type], metadata: kept });
    const { size: after } = await stat(to);

    const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    const rounding = findLargestRounding(weights, FLOAT_TYPES[type]);
    const lost = Object.keys(metadata).filter((key) => !Object.hasOwn(kept, key));
    print(colors.bold(to));
    print(
      formatTable(
        [
          ["format", `${format}, ${type}`],
          ["tensors", exact(weights.size)],
          ...(left > 0 ? [["  left out", exact(left)]] : []),
          ["values", exact(values)],
          ["bytes", exact(after)],
          ...(before === undefined ? [] : [["  before", exact(before)]]),
        ],
        "  ",
      ),
    );
    if (rounding)
      print(
        `  largest rounding error ${rounding.error.toPrecision(3)}, in ${JSON.stringify(rounding.tensor)}`,
      );
    if (lost.length > 0)
      print(`  text left out, which a PyTorch checkpoint cannot hold: ${JSON.stringify(lost)}`);
    return {
      json: {
        from,
        to,
        format,
        dtype: type,
        tensors: weights.size,
        tensorsLeftOut: left,
        values,
        bytes: { before: before ?? null, after },
        rounding: rounding ?? null,
        metadataLeftOut: lost,
      },
    };
  },
};

async function readAll(file: string) {
  const { weights, metadata } = await readWeights(file);
  if (weights.size > 0) return { weights, metadata, left: 0 };
  const rule = "holds no tensors";
  throw new LightsegError({ code: "INVALID_WEIGHTS", where: "convert", argument: file, rule });
}

/** The parameters of a network alone; others are not read. */
async function select(file: string, { network, classes }: { network: string; classes: number }) {
  const shapes = parameterShapes(buildNetwork({ network, classes }));
  const { weights, metadata, others } = await readParameters(file, shapes);
  const about = { network, classes, where: "convert", file };
  return { weights: requireWeights(shapes, weights, about), metadata, left: others.length };
}

/** Undefined for a folder or an index of shards, whose size says nothing of the weights. */
async function fileSizeOf(path: string): Promise<number | undefined> {
  const status = await stat(path);
  return status.isFile() && !path.endsWith(".json") ? status.size : undefined;
}

function readSelection(args: Arguments): { network: string; classes: number } | undefined {
  if (args.has(network)) return { network: args.require(network), classes: args.require(classes) };
  if (args.has(classes)) throw args.usageError("--classes", "needs --model");
  return undefined;
}

/** Weights may have taken days to train: none are replaced unasked, and those to convert never. */
async function checkTarget(args: Arguments, from: string, to: string): Promise<void> {
  const [source, target] = await Promise.all([realPathOf(from), realPathOf(to)]);
  if (target === undefined) return;
  if (target === source)
    throw args.usageError(to, "is the file to convert: choose another name for the result");
  if (args.has(force)) return;
  const hint = "give --force to replace it";
  throw new LightsegError({ code: "OUTPUT", where: "convert", argument: to, rule: "is there already", hint });
}

/** Undefined for a path where nothing is. */
function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

/** The value that is changed most by being stored as this type; undefined if none is changed. */
function findLargestRounding(
  weights: Weights,
  type: FloatType,
): { error: number; tensor: string } | undefined {
  let largest: { error: number; tensor: string } | undefined;
  for (const [name, tensor] of weights) {
    const stored = decodeElements(encodeTensor(name, tensor, type, "convert"), type);
    let error = 0;
    for (let i = 0; i < stored.length; i++) {
      // Infinity and NaN stay what they are; the difference of two of them is no number, and no error.
      error = Math.max(error, Math.abs((tensor.data[i] ?? 0) - (stored[i] ?? 0)) || 0);
    }
    if (error > (largest?.error ?? 0)) largest = { error, tensor: name };
  }
  return largest;
}

function exact(count: number): string {
  return count.toLocaleString("en");
}
