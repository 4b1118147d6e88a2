import type { Dataset } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import type { ModelDescription } from "../model-files/model.ts";

/**
 * How many photos of a split a model was trained on, by their ids: measurements on them flatter it.
 *
 * Splits that it was trained on are looked up in the same folder; one that is not there counts for nothing.
 *
 * @param folder of the data set
 */
export async function countTrainedPhotos(
  { trainedOn = [] }: Pick<ModelDescription, "trainedOn">,
  samples: Dataset,
  folder: string,
): Promise<number> {
  const trained = new Set<string>();
  for (const { dataset, split } of trainedOn) {
    if (dataset !== samples.name) continue;
    for (const id of await readIds(dataset, split, folder)) trained.add(id);
  }
  return samples.ids.filter((id) => trained.has(id)).length;
}

async function readIds(dataset: string, split: string, folder: string): Promise<readonly string[]> {
  try {
    return (await findDataset(dataset).open(folder, split)).ids;
  } catch (error) {
    if (error instanceof LightsegError) return [];
    throw error;
  }
}
