import type { Dataset } from "../datasets/dataset.ts";
import { LightsegError } from "../errors.ts";
import type { ModelDescription } from "../model-files/model.ts";
import { plural } from "../plural.ts";

/**
 * Checks that a model has the classes of a data set, in its order. Placeholders, of weights without class
 * names, are taken for the classes of the data set.
 *
 * @throws LightsegError INVALID_WEIGHTS for other classes
 */
export function requireClasses(
  { classes, placeholderClasses }: Pick<ModelDescription, "classes" | "placeholderClasses">,
  { name, labels }: Pick<Dataset, "name" | "labels">,
  { where, hint }: { where: string; hint?: string },
): void {
  const sameCount = classes.length === labels.classes.length;
  const sameNames = classes.every((className, label) => className === labels.classes[label]);
  if (sameCount && (sameNames || placeholderClasses)) return;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where,
    argument: "model",
    rule: `must have the ${plural(labels.classes.length, "class", "classes")} of ${name} (${labels.classes.join(", ")})`,
    value: `${classes.length}: ${classes.join(", ")}`,
    hint,
  });
}
