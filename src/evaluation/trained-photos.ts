import type { Dataset } from "../datasets/dataset.ts";
import { LightsegError } from "../errors.ts";
import type { ModelDescription } from "../model-files/model.ts";

/**
 * How many photos of a split a model was trained on, by their ids: measurements on them flatter it.
 *
 * Splits whose files are absent are passed over.
 *
 * @param openSplit opens another split of the same data set
 */
export async function countTrainedPhotos(
  { trainedOn = [] }: Pick<ModelDescription, "trainedOn">,
  samples: Dataset,
  openSplit: (split: string) => Promise<Dataset>,
): Promise<number> {
  const trained = new Set<string>();
  for (const { dataset, split } of trainedOn) {
    if (dataset !== samples.name) continue;
    for (const id of await readIds(openSplit(split))) trained.add(id);
  }
  return samples.ids.filter((id) => trained.has(id)).length;
}

async function readIds(opening: Promise<Dataset>): Promise<readonly string[]> {
  try {
    return (await opening).ids;
  } catch (error) {
    if (error instanceof LightsegError) return [];
    throw error;
  }
}
