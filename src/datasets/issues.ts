import { invalidArgument } from "../check.ts";
import { plural } from "../plural.ts";
import { type Dataset, requireDataset } from "./dataset.ts";
import type { LabelCounts } from "./label-counts.ts";

/** Something wrong with a data set. */
export interface DatasetIssue {
  /** An error stops or spoils a training; a warning may be meant. */
  readonly severity: "error" | "warning";
  /** The sample at fault; absent for what concerns the split as a whole. */
  readonly id?: string;
  /** One sentence, with the file where there is one. */
  readonly message: string;
}

/**
 * Issues in a split's labels: an error if no pixel is labelled, a warning for each class without pixels.
 *
 * A warning names the way out where dataset.yaml ignores values and hardly any other value occurs.
 */
export function findLabelIssues(
  { split, labels, ignoredValues = [] }: Pick<Dataset, "split" | "labels" | "ignoredValues">,
  { pixels }: Pick<LabelCounts, "pixels">,
): DatasetIssue[] {
  const { classes, ignoreLabel } = labels;
  const absent = classes.filter((_, label) => pixels[label] === 0);
  const present = classes.length - absent.length;
  const ignored = pixels[ignoreLabel] ?? 0;
  if (present === 0 && ignored === 0) return [];

  const issues: DatasetIssue[] =
    present === 0
      ? [{ severity: "error", message: `${split} has no labelled pixel: its masks hold only ignored values` }]
      : absent.map((name) => ({
          severity: "warning",
          message: `class ${name} has no pixel in ${split}`,
        }));
  const hasFewClasses = absent.length > 0 || classes.length === 1;
  if (ignored > 0 && hasFewClasses && ignoredValues.length > 0) {
    const values = ignoredValues.join(", ");
    const several = ignoredValues.length > 1;
    issues.push({
      severity: "warning",
      message: `masks of ${split} hold ${values}, which ${several ? "are" : "is"} ignored, and ${present} of ${plural(classes.length, "class", "classes")}: if ${several ? "one of these values" : values} means a class, give that class "value: ${ignoredValues[0]}" and set "ignore: []" in dataset.yaml`,
    });
  }
  return issues;
}

/** The warning about photos that EXIF turns in a way that the sizes of their masks do not show. */
export function findTurned(ids: readonly string[]): DatasetIssue {
  const photos = plural(ids.length, "photo is", "photos are");
  const shown = `${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", …" : ""}`;
  return {
    severity: "warning",
    message: `${photos} turned or mirrored by EXIF (${shown}), and masks are not: the page of lightseg data check --out shows whether they fit`,
  };
}

/** The ids that several splits have; where one is made of others, as `trainval` is, that is meant. */
export function findSharedIds(datasets: readonly Dataset[]): DatasetIssue[] {
  if (!Array.isArray(datasets))
    throw invalidArgument("findSharedIds", "datasets", "must be an array", datasets);
  for (const dataset of datasets) requireDataset(dataset, "findSharedIds");
  const splitsOf = new Map<string, Set<string>>();
  for (const { ids, split } of datasets)
    for (const id of ids) splitsOf.set(id, (splitsOf.get(id) ?? new Set()).add(split));
  return [...splitsOf]
    .filter(([, splits]) => splits.size > 1)
    .map(([id, splits]) => ({
      severity: "warning",
      id,
      message: `${id} is in ${[...splits].join(" and ")}`,
    }));
}

/** The ids that a split lists more than once. */
export function findRepeatedIds(ids: readonly string[]): DatasetIssue[] {
  const times = new Map<string, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times]
    .filter(([, count]) => count > 1)
    .map(([id, count]) => ({ severity: "error", id, message: `${id} is listed ${count} times` }));
}
