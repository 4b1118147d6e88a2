import type { TrainingConfig } from "./config.ts";

/**
 * Whether a training ends early: its validations have not risen for as many epochs as it has patience.
 *
 * @param epochs done at the last validation
 * @param best epochs done at the best one
 */
export function isPatienceOver({ patience }: TrainingConfig, epochs: number, best: number): boolean {
  return patience > 0 && epochs - best >= patience;
}
