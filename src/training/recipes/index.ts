import { LightsegError } from "../../errors.ts";
import type { TrainingOptions } from "../config.ts";
import { camvid } from "./camvid.ts";
import { finetune } from "./finetune.ts";
import { nyudv2, nyudv2Code } from "./nyudv2.ts";
import { personPart } from "./person-part.ts";
import type { PhotosSummary, Recipe } from "./recipe.ts";
import { strokes } from "./strokes.ts";
import { voc } from "./voc.ts";

/** Every recipe. To add one: write its file, add it here. */
export const recipes: readonly Recipe[] = [nyudv2, nyudv2Code, personPart, voc, camvid, finetune, strokes];

export interface RecipeOptions {
  /** Name in the zoo. */
  network: string;
  /** Folder of each data set by its name. */
  folders: Readonly<Record<string, string>>;
  /** The photos to train on, for recipes that go by them: finetune, strokes. */
  photos?: PhotosSummary;
}

/**
 * The settings of a recipe.
 *
 * @throws LightsegError NOT_FOUND for an unknown recipe, INVALID_ARGUMENT if the folder of a data set, or
 *   what is known of the photos, is missing
 */
export function applyRecipe(
  name: string,
  { network, folders, photos: summary }: RecipeOptions,
): TrainingOptions {
  const recipe = recipes.find((known) => known.name === name);
  if (!recipe) {
    const rule = `must be one of ${recipes.map((known) => known.name).join(", ")}`;
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "applyRecipe",
      argument: "recipe",
      rule,
      value: name,
    });
  }
  const folder = (dataset: string) => {
    const found = Object.hasOwn(folders, dataset) ? folders[dataset] : undefined;
    if (found !== undefined) return found;
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "applyRecipe",
      argument: "folders",
      rule: `must name the folder of ${dataset}`,
      hint: `recipe ${name} trains on ${recipe.datasets.join(", then ")}`,
    });
  };
  const photos = () => {
    if (summary) return summary;
    const rule = `must be given for recipe ${name}`;
    throw new LightsegError({ code: "INVALID_ARGUMENT", where: "applyRecipe", argument: "photos", rule });
  };
  return { ...recipe.build({ network, folder, photos }), recipe: name };
}
