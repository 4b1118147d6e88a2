import { datasets } from "../datasets/index.ts";
import { type DtypeChoice, dtypeChoices, dtypes } from "../model-files/dtype.ts";
import { DEFAULT_MODEL } from "../model-files/node/shipped.ts";
import { backbones, decoders, nameNetwork } from "../models/zoo.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import type { Arguments, Option } from "./arguments.ts";

/** An option that is on when typed. */
export function flag(name: string, help: string): Option<boolean> {
  return { name, help, rule: "without a value", parse: () => true };
}

export function text(name: string, value: string, help: string): Option<string> {
  return { name, value, help, rule: "a text that is not empty", parse: (typed) => typed || undefined };
}

export function choice<T extends string>(
  name: string,
  value: string,
  choices: readonly T[],
  help: string,
): Option<T> {
  const rule = choices.length === 1 ? String(choices[0]) : `one of ${choices.join(", ")}`;
  return { name, value, help, rule, parse: (typed) => choices.find((known) => known === typed) };
}

export function integer(
  name: string,
  value: string,
  range: { min: number; max?: number },
  help: string,
): Option<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = range;
  const rule = `a whole number ${range.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`;
  const parse = (typed: string) =>
    /^\d+$/.test(typed) && Number(typed) >= min && Number(typed) <= max ? Number(typed) : undefined;
  return { name, value, help, rule, parse };
}

export function real(
  name: string,
  value: string,
  { min, max = Number.MAX_VALUE }: { min: number | "positive"; max?: number },
  help: string,
): Option<number> {
  const lowest = min === "positive" ? Number.MIN_VALUE : min;
  const bounds = min === "positive" ? "greater than 0" : `of at least ${min}`;
  const rule = `a number ${max === Number.MAX_VALUE ? bounds : `from ${min} to ${max}`}`;
  return { name, value, help, rule, parse: (typed) => inRange(parseReal(typed), lowest, max) };
}

export function size(name: string, help: string): Option<[height: number, width: number]> {
  const parse = (typed: string): [number, number] | undefined => {
    const [height = 0, width = 0] = (/^(\d{1,4})x(\d{1,4})$/.exec(typed) ?? []).slice(1).map(Number);
    return height > 0 && width > 0 ? [height, width] : undefined;
  };
  return {
    name,
    value: "HxW",
    help,
    rule: "height x width in pixels, each 1 to 9999, such as 256x320",
    parse,
  };
}

/** A decimal number that is not negative; anything else that `Number` would read is a typing error here. */
export function parseReal(typed: string): number | undefined {
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) ? Number(typed) : undefined;
}

function inRange(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

export const json = flag("json", "Print one JSON object on standard output, and nothing else there");
export const help = flag("help", "Show this help");
export const threads = integer(
  "threads",
  "N",
  { min: 1, max: MAX_THREADS },
  "Threads of the engine (default: number of cores)",
);
export const model = text(
  "model",
  "NAME|FILE",
  `Shipped model, model file, or network with --weights (default ${DEFAULT_MODEL})`,
);
export const weights = text("weights", "FILE", "PyTorch checkpoint or safetensors to use as the weights");
/** What a model is measured in where nobody says: exactly, but for a quantised file, which has no other form. */
export function dtypeToMeasure(model: string | undefined): DtypeChoice {
  return /\.onnx$/i.test(model ?? "") ? "auto" : "fp32";
}

/** @param byDefault what is computed in where nothing is typed */
export function dtypeOption(byDefault: DtypeChoice): Option<DtypeChoice> {
  const help = `What is computed in: ${dtypes.join(", ")}, or auto, the fastest (default ${byDefault})`;
  return choice("dtype", "NAME", dtypeChoices, help);
}
export const classes = integer(
  "classes",
  "N",
  { min: 1, max: 255 },
  "Number of classes of a network (default: that of its weights)",
);
/** Those of PASCAL VOC, for which papers give their costs. */
export const DEFAULT_CLASSES = 21;
export const untrainedClasses = integer(
  "classes",
  "N",
  { min: 1, max: 255 },
  `Number of classes of a network (default ${DEFAULT_CLASSES}; a trained model has its own)`,
);
export const dataset = choice(
  "dataset",
  "NAME",
  datasets.map(({ name }) => name),
  `Data set: ${datasets.map(({ name }) => name).join(", ")}`,
);
export const data = text("data", "DIR", "Folder of the data set");

export const backbone = choice(
  "backbone",
  "NAME",
  Object.keys(backbones),
  `Build a network of this backbone and --decoder: ${Object.keys(backbones).join(", ")}`,
);
export const decoder = choice(
  "decoder",
  "NAME",
  Object.keys(decoders),
  `Decoder on top of --backbone: ${Object.keys(decoders).join(", ")}`,
);

/** The network that `--backbone` and `--decoder` make up; undefined if neither was typed. */
export function pairedNetwork(args: Arguments): string | undefined {
  if (!args.has(backbone) && !args.has(decoder)) return undefined;
  return nameNetwork({ backbone: args.require(backbone), decoder: args.require(decoder) });
}
