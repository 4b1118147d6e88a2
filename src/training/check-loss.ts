import { LightsegError } from "../errors.ts";

/**
 * Checks the loss of a step.
 *
 * @param where the function that trains, for the error
 * @throws LightsegError RUNTIME if it is no longer a number: the training diverges
 */
export function checkLoss(
  loss: number,
  { where, step, hint }: { where: string; step: number; hint?: string },
): void {
  if (Number.isFinite(loss)) return;
  throw new LightsegError({
    code: "RUNTIME",
    where,
    argument: `loss at step ${step}`,
    rule: "must be a number",
    value: loss,
    hint,
  });
}
