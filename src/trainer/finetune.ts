import { checkChoice, checkKeys, checkPath } from "../check.ts";
import { custom } from "../datasets/custom.ts";
import { type Dataset, spreadEvenly } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { median } from "../median.ts";
import { readDescription, requireDescription } from "../model-files/description.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { readMetadata } from "../model-files/node/shipped.ts";
import type { TrainingOptions } from "../training/config.ts";
import { applyRecipe } from "../training/recipes/index.ts";
import type { PhotosSummary } from "../training/recipes/recipe.ts";
import { RANDOM_WEIGHTS, settings } from "../training/settings.ts";

/** Photos that are looked at for their size. */
const LOOKED_AT = 20;

/** Recipes that go by the photos. */
export const photoRecipes = ["finetune", "strokes"] as const;

/** What to fine-tune, and on what. */
export interface FinetuneSettingsOptions {
  /** `strokes` where only strokes are labelled. Defaults to `finetune`. */
  recipe?: (typeof photoRecipes)[number];
  /** Folder of the data set. */
  data: string;
  /** Its name. Defaults to `custom`, a folder with a `dataset.yaml`. */
  dataset?: string;
  /** Part of the data set to train on. Defaults to `train`. */
  split?: string;
  /** A shipped name or a file, as `TrainingOptions.weights`. Defaults to the default model. */
  weights?: string;
  /** Name in the zoo. Defaults to the network of `weights`, or else of the default model. */
  network?: string;
}

/**
 * The settings of a training on photos of one's own, recipe `finetune` or `strokes`, for `train`: crops from
 * the photos' sizes, epochs from their number, an early end when validations stop rising.
 *
 * @throws LightsegError for data or weights that cannot be read
 */
export async function finetuneSettings(options: FinetuneSettingsOptions): Promise<TrainingOptions> {
  checkKeys(options, ["recipe", "data", "dataset", "split", "weights", "network"], "finetuneSettings");
  const { recipe = "finetune", data, dataset = custom.name, weights, network } = options;
  const { split = settings.split.default } = options;
  checkPath(data, "finetuneSettings", "data", "must be the path of a folder");
  checkChoice(recipe, photoRecipes, "finetuneSettings", "recipe");
  const model = await readMetadata(DEFAULT_MODEL);
  const standard = requireDescription(model.metadata, model.file).network;
  const own = network ?? (weights === undefined ? standard : await networkOf(weights)) ?? standard;
  const photos = await summarizePhotos(await findDataset(dataset).open(data, split));
  return {
    ...applyRecipe(recipe, { network: own, folders: { custom: data }, photos }),
    dataset,
    split,
    weights: weights ?? (own === standard ? DEFAULT_MODEL : undefined),
  };
}

/** The network that weights say that they are of; undefined for an encoder and for files that say nothing. */
async function networkOf(weights: string): Promise<string | undefined> {
  if (weights === RANDOM_WEIGHTS) return undefined;
  const { metadata, file } = await readMetadata(weights);
  return readDescription(metadata, file)?.network;
}

async function summarizePhotos(dataset: Dataset): Promise<PhotosSummary> {
  const sizes = { height: [] as number[], width: [] as number[] };
  for (const index of spreadEvenly(dataset.size, LOOKED_AT)) {
    const { photo } = await dataset.load(index);
    sizes.height.push(photo.height);
    sizes.width.push(photo.width);
  }
  return { count: dataset.size, height: median(sizes.height) ?? 0, width: median(sizes.width) ?? 0 };
}
