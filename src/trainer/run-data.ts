import type { Dataset } from "../datasets/dataset.ts";
import { LightsegError } from "../errors.ts";
import type { TrainedSplit } from "../model-files/model.ts";
import { plural } from "../plural.ts";
import { fnv1a } from "../random.ts";
import type { RunData, SplitIdentity } from "../runs/checkpoint.ts";

/** What tells the photos of a split from others: their number, and their ids in order. */
export function identifySplit({ name, split, ids }: Dataset): SplitIdentity {
  return { name: `${name} ${split}`, photos: ids.length, ids: fnv1a(JSON.stringify(ids)) };
}

/** The data of a run whose first weights were trained on other splits before, which the model names too. */
export function addEarlier(data: RunData, earlier: readonly TrainedSplit[]): RunData {
  const { trainedOn: own = [] } = data.description;
  const others = earlier.filter(
    ({ dataset, split }) => !own.some((one) => one.dataset === dataset && one.split === split),
  );
  return { ...data, description: { ...data.description, trainedOn: [...others, ...own] } };
}

/**
 * Refuses to resume with other data: other classes would get the scores of the trained ones, and another
 * number of photos would be another schedule.
 *
 * @param stored what the checkpoint says; early ones say less
 * @throws LightsegError INVALID_DATASET
 */
export function requireSameData(stored: Partial<RunData>, { description, splits }: RunData): void {
  const before = stored.description?.classes;
  const { classes } = description;
  if (before && JSON.stringify(before) !== JSON.stringify(classes)) {
    const count = before.length === classes.length ? "" : `the ${plural(before.length, "class", "classes")} `;
    throw changed(
      "classes",
      `${count}${before.join(", ")}`,
      `${classes.length === before.length ? "" : `${classes.length}: `}${classes.join(", ")}`,
    );
  }
  for (const [index, own] of (stored.splits ?? []).entries()) {
    const now = splits[index];
    if (now && own.photos !== now.photos) throw changed(own.name, plural(own.photos, "photo"), now.photos);
    if (now?.ids !== own.ids) throw changed(`ids of ${own.name}`, "those that the run began with", undefined);
  }
}

function changed(argument: string, before: string, value: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "train",
    argument,
    rule: `must stay ${before} in a resumed run`,
    value,
    hint: "begin a new run with the changed data; --weights takes what this one has learned",
  });
}
