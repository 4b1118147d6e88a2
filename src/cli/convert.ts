import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { formatTable } from "../format-table.ts";
import { convertWeights } from "../model-files/node/convert.ts";
import { settings } from "../training/settings.ts";
import { validatedNames } from "../training/state-names.ts";
import type { Renaming } from "../weights/rename.ts";
import type { ChooseNames } from "../weights/stored-names.ts";
import type { Arguments, Command, Option } from "./arguments.ts";
import { choice, flag, help, integer, json, option, real, text } from "./options.ts";
import { colors, formatCount } from "./output.ts";
import { summaries } from "./summaries.ts";

const DTYPES = ["fp32", "fp16", "bf16"] as const;
const FLOAT_TYPES = { fp32: "F32", fp16: "F16", bf16: "BF16" } as const;

const dtype = choice("dtype", "TYPE", DTYPES, "How values are stored: fp32, fp16 or bf16 (default fp32)");
const network = option(
  "model",
  settings.network.type,
  "Keep only the parameters of this network, one that lightseg info lists, and fail if any is missing; needs --classes",
);
const classes = integer("classes", "N", { min: 1, max: 255 }, "Number of classes of --model");
const average = text("average", "FILE", "Write the mean of A's weights and of those in FILE, value by value");
const ema = flag("ema", "Take the moving averages of A's weights, which a run's last.safetensors holds");
const rename: Option<Renaming> = {
  name: "rename",
  value: "FROM=TO",
  help: "Replace whole parts between the dots of names, e.g. backbone=encoder, or encoder= to drop them; may be repeated",
  rule: "FROM=TO, two texts between dots of names, of which TO may be empty",
  parse: readRenaming,
  repeatable: true,
};
const lowConfidence = real(
  "low-confidence",
  "X",
  { min: 0, max: 1 },
  "Write into the model the mean confidence under which lightseg segment gives a hint, as lightseg evaluate measures it",
);
const force = flag("force", "Replace B if it is there already");

export const convert: Command = {
  name: "convert",
  summary: summaries.convert,
  operands: { name: "A B", min: 2, max: 2 },
  options: [dtype, network, classes, ema, average, rename, lowConfidence, force, json, help],
  notes: [
    "A is a PyTorch checkpoint of any age, safetensors, the index of sharded safetensors, an ONNX model, or a folder with one of these, told apart by content. B becomes what its name says: .safetensors, or a PyTorch checkpoint as .pth, .pt or .pth.tar, which torch.load opens with weights_only=True.",
    "Prefixes of wrappers are taken off the names: module., model., ema. and their like where all names begin so, _orig_mod anywhere, and with --model whatever stands before the names of the network. --rename changes names further.",
    "The mean of two trainings that began with the same weights, by other settings or on other photos, is often better than either.",
    "Metadata of a safetensors file, such as the description of a model, is kept in a safetensors file; PyTorch checkpoints have no place for it. B is written whole or not at all.",
  ],
  examples: [
    "lightseg convert voc.pth voc.safetensors",
    "lightseg convert runs/a/best.safetensors small.safetensors --dtype fp16",
    "lightseg convert runs/a/last.safetensors ema.safetensors --ema",
    "lightseg convert runs/a/best.safetensors both.safetensors --average runs/b/best.safetensors",
    "lightseg convert runs/a/best.safetensors careful.safetensors --low-confidence 0.52",
    "lightseg convert voc.pth net.pth --model refinenet-lw-mobilenet-v2 --classes 21",
    "lightseg convert mine.ckpt net.safetensors --rename backbone.stem=conv1 --rename head=clf_conv",
  ],

  async run(args, print) {
    const [from = "", to = ""] = args.operands;
    const type = args.get(dtype) ?? "fp32";
    const selection = readSelection(args);
    if (selection && args.has(ema)) throw args.usageError("--ema", "goes without --model");
    await checkTarget(args, from, to);

    const converted = await convertWeights(from, to, {
      dtype: FLOAT_TYPES[type],
      select: selection,
      choose: args.has(ema) ? chooseAverages(from) : undefined,
      average: args.get(average),
      rename: args.getAll(rename),
      lowConfidence: args.get(lowConfidence),
    });
    const { weights, format, left, rounding, metadataLeftOut, integers, unwrapping } = converted;
    const before = await fileSizeOf(from);
    const { size: after } = await stat(to);

    const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    print(colors.bold(to));
    print(
      formatTable(
        [
          ["format", `${format}, ${type}`],
          ["tensors", formatCount(weights.size)],
          ...(left > 0 ? [["  left out", formatCount(left)]] : []),
          ["values", formatCount(values)],
          ["bytes", formatCount(after)],
          ...(before === undefined ? [] : [["  before", formatCount(before)]]),
        ],
        "  ",
      ),
    );
    if (unwrapping !== undefined) print(`  ${unwrapping}`);
    if (rounding)
      print(
        `  largest rounding error ${rounding.error.toPrecision(3)}, in ${JSON.stringify(rounding.tensor)}`,
      );
    if (integers.length > 0) print(`  whole numbers, stored as ${type}: ${listNames(integers)}`);
    if (metadataLeftOut.length > 0)
      print(`  text left out, which a PyTorch checkpoint cannot hold: ${JSON.stringify(metadataLeftOut)}`);
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
        metadataLeftOut,
        integers,
      },
    };
  },
};

/** @throws LightsegError INVALID_WEIGHTS in a file without moving averages */
function chooseAverages(file: string): ChooseNames {
  return ({ all }) => {
    const chosen = validatedNames(all);
    if ([...chosen].some(([stored, name]) => stored !== name)) return chosen;
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "convert",
      file,
      argument: "the file",
      rule: "must hold moving averages of weights",
      hint: "last.safetensors of a run with --averaging holds them; best.safetensors is one",
    });
  };
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name));
  return `${formatCount(names.length)} of the tensors, ${shown.join(", ")}${names.length > 3 ? " ..." : ""}`;
}

function readRenaming(typed: string): Renaming | undefined {
  const at = typed.indexOf("=");
  const [from, to] = [typed.slice(0, at), typed.slice(at + 1)];
  const isName = (text: string) => text.split(".").every((part) => part !== "");
  return at > 0 && isName(from) && (to === "" || isName(to)) ? { from, to } : undefined;
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
  const refuse = (argument: string, rule: string, hint: string) =>
    new LightsegError({ code: "OUTPUT", where: "convert", file: to, argument, rule, hint });
  if ((await stat(to)).isDirectory())
    throw refuse("this", "is a folder", `name a file in it: ${join(to, "NAME.safetensors")}`);
  if (target === source)
    throw args.usageError(to, "is the file to convert: choose another name for the result");
  if (args.has(force)) return;
  throw refuse("a file", "is there already", "give --force to replace it");
}

/** Undefined for a path where nothing is. */
function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
