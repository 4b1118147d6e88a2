import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { didYouMean } from "../did-you-mean.ts";
import { readManifest } from "../model-files/node/shipped.ts";
import { plural } from "../plural.ts";
import { readConfig } from "../runs/run-folder.ts";
import { finetuneSettings, photoRecipes } from "../trainer/finetune.ts";
import { checkSettings, overrideSettings, settingsByName, type TrainingOptions } from "../training/config.ts";
import { applyRecipe, recipes } from "../training/recipes/index.ts";
import type { Schedule } from "../training/schedule.ts";
import { RANDOM_WEIGHTS, type Setting, settings } from "../training/settings.ts";
import type { Arguments, Option } from "./arguments.ts";
import {
  backbone,
  choice,
  data,
  dataset,
  decoder,
  integer,
  option,
  pairedNetwork,
  text,
  typedDataset,
} from "./options.ts";
import { log } from "./output.ts";

const recipe = choice(
  "recipe",
  "NAME",
  recipes.map(({ name }) => name),
  "Settings by name, listed below; other options override them",
);
const config = text(
  "config",
  "FILE",
  "Settings of another run, its config.json; other options override them",
);
/** Part of the schedule, typed apart from it. */
const warmup = integer(
  "warmup",
  "STEPS",
  { min: 0 },
  "Steps over which the learning rates first grow from near 0 (default 0)",
);
const network = settingOption(settings.network);
const schedule = settingOption(settings.schedule);

/** The options that the table of settings makes, by the setting's name. */
const tableOptions = new Map(
  [...settingsByName].flatMap(([name, setting]) =>
    setting.flag === undefined ? [] : [[name, settingOption(setting)] as const],
  ),
);

/** A line on each recipe, for the help. */
export const recipeNote = `Recipes: ${recipes.map(({ name, summary, datasets }) => `${name} (${summary}; data: ${datasets.join(", ")})`).join("; ")}. One that trains on several data sets takes --data NAME=DIR,NAME=DIR. Other options hold in every stage: --epochs 1 trains each of voc's three stages for one epoch. nyudv2 and person-part lower their rates after epochs 100 and 200 whatever --epochs is; --schedule changes that.`;

/** The options that decide what a run computes, in the order of the help. */
export const settingOptions: readonly Option<unknown>[] = [
  recipe,
  config,
  ...[...tableOptions].flatMap(([name, found]) => {
    if (name === "network") return [found, backbone, decoder, dataset, data];
    return name === "schedule" ? [found, warmup] : [found];
  }),
];

/** The option of a setting, with its default in the help. */
function settingOption<T>({ flag = "", type, help, defaultText, default: own }: Setting<T>): Option<T> {
  const shown = own === undefined || !type.placeholder ? undefined : `default ${type.show(own)}`;
  const note = defaultText ?? shown;
  return option(flag, type, `${help}${note ? ` (${note})` : ""}`);
}

/** The settings that were typed, and no others: a resumed run has its own. */
export async function typedSettings(args: Arguments): Promise<Partial<TrainingOptions>> {
  const typed: Record<string, unknown> = {};
  for (const [name, found] of tableOptions) {
    // A switch turns the default around.
    const value = found.value === undefined ? !settingsByName.get(name)?.default : args.get(found);
    if (args.has(found)) typed[name] = value;
  }
  const pair = pairedNetwork(args);
  if (pair !== undefined && args.has(network))
    throw args.usageError("--model", "cannot be given together with --backbone and --decoder");
  const folder = args.get(data);
  const name = args.get(dataset);
  if (pair !== undefined) typed.network = pair;
  if (name !== undefined) typed.dataset = name;
  // Paths are kept with the run, which may be resumed from another folder.
  if (folder !== undefined) typed.data = resolve(folder);
  if (typeof typed.weights === "string") typed.weights = await nameWeights(args, typed.weights);
  Object.assign(typed, typedSchedule(args));
  checkSettings(typed);
  return typed;
}

/** The schedule, where a warm-up was typed. @param base what it goes with where no schedule was typed */
function typedSchedule(
  args: Arguments,
  base: Schedule = settings.schedule.default,
): Pick<TrainingOptions, "schedule"> {
  const steps = args.get(warmup);
  return steps === undefined ? {} : { schedule: { ...(args.get(schedule) ?? base), warmup: steps } };
}

/** Weights that come with lightseg, or none, by their name; others by their path. */
async function nameWeights(args: Arguments, typed: string): Promise<string> {
  const names = [RANDOM_WEIGHTS, ...Object.keys(await readManifest())];
  if (names.includes(typed)) return typed;
  if (!existsSync(typed) && didYouMean(typed, names))
    throw args.usageError("--weights", `must be a file, or one of ${names.join(", ")}`, typed, names);
  return resolve(typed);
}

/**
 * The settings of a new run. Where no network is typed, and no recipe or run to take it from, recipe
 * `finetune`.
 *
 * @throws LightsegError INVALID_ARGUMENT if a required one was not typed
 */
export async function newSettings(args: Arguments): Promise<TrainingOptions> {
  const name = args.get(recipe);
  const file = args.get(config);
  if (name !== undefined && file !== undefined)
    throw args.usageError("--recipe and --config", "do not go together");
  const typed = await typedSettings(args);
  const byPhotos = photoRecipes.find((known) => known === name);
  if (byPhotos !== undefined) return finetuneOptions(args, byPhotos, typed);
  if (name !== undefined) return recipeSettings(args, name, typed);
  if (file !== undefined) {
    const stored = await readConfig(file);
    // Where early versions were given no weights, all began at random.
    const { weights = RANDOM_WEIGHTS } = stored ?? {};
    if (stored) {
      const schedule = typedSchedule(args, stored.schedule);
      return overrideSettings({ ...stored, weights }, { ...typed, ...schedule });
    }
    throw args.usageError("--config", "must be a file that is there", file);
  }
  if (typed.network === undefined) return finetuneOptions(args, "finetune", typed);
  return {
    ...typed,
    network: typed.network,
    dataset: typedDataset(args).name,
    data: resolve(args.require(data)),
  };
}

async function finetuneOptions(
  args: Arguments,
  recipe: (typeof photoRecipes)[number],
  typed: Partial<TrainingOptions>,
): Promise<TrainingOptions> {
  const { dataset, split, weights: asked, network: wanted } = typed;
  const folder = resolve(args.require(data));
  const own = await finetuneSettings({
    recipe,
    data: folder,
    dataset,
    split,
    weights: asked,
    network: wanted,
  });
  const chosen = overrideSettings(own, { ...typed, ...typedSchedule(args, own.schedule) });
  const { weights = "its default weights", network, epochs = settings.epochs.default, crop } = chosen;
  const budget = `${plural(epochs, "epoch")}, crops of ${crop?.join("x")}`;
  log(`recipe ${recipe}: ${network} from ${weights}, ${budget}`);
  return chosen;
}

function recipeSettings(args: Arguments, name: string, typed: Partial<TrainingOptions>): TrainingOptions {
  if (args.has(dataset))
    throw args.usageError("--dataset", "cannot be given together with --recipe, which has its own");
  const used = recipes.find((known) => known.name === name)?.datasets ?? [];
  const folders = parseFolders(args.require(data), used);
  const missing = used.find((known) => folders[known] === undefined);
  if (missing !== undefined)
    throw args.usageError("--data", `must be ${used.map((known) => `${known}=DIR`).join(",")}`);
  const own = applyRecipe(name, { network: pairedNetwork(args) ?? args.require(network), folders });
  // The recipe has taken --data, for each of its stages.
  const { data: _folder, ...overrides } = typed;
  return overrideSettings(own, { ...overrides, ...typedSchedule(args, own.schedule) });
}

/** `DIR` for a single data set, or `NAME=DIR,NAME=DIR`. */
function parseFolders(typed: string, datasets: readonly string[]): Record<string, string> {
  const [only, ...more] = datasets;
  const pairs = typed.split(",").map((part) => part.split("="));
  const isList = pairs.every(([name = "", ...rest]) => rest.length > 0 && datasets.includes(name));
  if (isList) return Object.fromEntries(pairs.map(([name = "", ...rest]) => [name, resolve(rest.join("="))]));
  return only !== undefined && more.length === 0 ? { [only]: resolve(typed) } : {};
}
