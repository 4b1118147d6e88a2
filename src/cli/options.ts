import { custom } from "../datasets/custom.ts";
import type { DatasetDescription } from "../datasets/dataset.ts";
import { datasets, findDataset } from "../datasets/index.ts";
import { type DtypeChoice, dtypeChoices, dtypes } from "../model-files/dtype.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { backbones, decoders, nameNetwork } from "../models/zoo.ts";
import { deviceChoices } from "../runtime/node/devices.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import {
  type Bounds,
  choiceType,
  integerType,
  realType,
  sizeType,
  textType,
  type ValueType,
} from "../value-types.ts";
import type { Arguments, Option } from "./arguments.ts";

/** An option that is on when typed. */
export function flag(name: string, help: string): Option<boolean> {
  return { name, help, rule: "without a value", parse: () => true };
}

/** An option whose value has a type: the same bounds, and the same errors, as in the library. */
export function option<T>(name: string, type: ValueType<T>, help: string): Option<T> {
  const { placeholder: value, rule, read: parse, check, choices } = type;
  return { name, value, help, rule, parse, check, choices };
}

export function text(name: string, placeholder: string, help: string): Option<string> {
  return option(name, textType(placeholder), help);
}

export function choice<T extends string>(
  name: string,
  placeholder: string,
  choices: readonly T[],
  help: string,
): Option<T> {
  return option(name, choiceType(choices, placeholder), help);
}

export function integer(name: string, placeholder: string, bounds: Bounds, help: string): Option<number> {
  return option(name, integerType(bounds, placeholder), help);
}

export function real(name: string, placeholder: string, bounds: Bounds, help: string): Option<number> {
  return option(name, realType(bounds, placeholder), help);
}

export function size(name: string, help: string): Option<[height: number, width: number]> {
  return option(name, sizeType(9999), help);
}

export const json = flag("json", "Print one JSON object on standard output, and nothing else there");
export const help = flag("help", "Show this help");
export const threads = integer(
  "threads",
  "N",
  { min: 1, max: MAX_THREADS },
  "Threads of the engine (default: number of cores)",
);
/** @param byDefault the device where nothing is typed */
export function deviceOption(
  byDefault: (typeof deviceChoices)[number],
): Option<(typeof deviceChoices)[number]> {
  const help = `Device that networks run on: ${deviceChoices.join(", ")} (default ${byDefault}; auto: a graphics card that works, else the CPU)`;
  return choice("device", "NAME", deviceChoices, help);
}
export const model = text(
  "model",
  "NAME|FILE",
  `Shipped model, model file, folder of a training run, or network with --weights (default ${DEFAULT_MODEL})`,
);
export const weights = text("weights", "FILE", "PyTorch checkpoint or safetensors to use as the weights");
/** @param byDefault the dtype where nothing is typed */
export function dtypeOption(byDefault: DtypeChoice): Option<DtypeChoice> {
  const help = `Data type of the computation: ${dtypes.join(", ")}, or auto, the fastest (default ${byDefault})`;
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
/** @param byDefault what is read where nothing is typed */
export function datasetOption(byDefault: string): Option<string> {
  const names = datasets.map(({ name }) => name);
  return choice("dataset", "NAME", names, `Data set: ${names.join(", ")} (default ${byDefault})`);
}
export const dataset = datasetOption(`${custom.name}, one's own`);
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

/** The data set that was typed; one's own where none was. */
export function typedDataset(args: Arguments): DatasetDescription {
  return findDataset(args.get(dataset) ?? custom.name);
}

/** The network that `--backbone` and `--decoder` make up; undefined if neither was typed. */
export function pairedNetwork(args: Arguments): string | undefined {
  if (!args.has(backbone) && !args.has(decoder)) return undefined;
  return nameNetwork({ backbone: args.require(backbone), decoder: args.require(decoder) });
}
