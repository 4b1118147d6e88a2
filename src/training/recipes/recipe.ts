import type { TrainingOptions } from "../config.ts";

/** What a recipe may go by of the photos to train on. */
export interface PhotosSummary {
  /** How many there are, at least 1. */
  readonly count: number;
  /** Medians, in pixels. */
  readonly height: number;
  readonly width: number;
}

/** What a recipe needs to know besides itself. */
export interface RecipeInput {
  /** Name in the zoo. */
  readonly network: string;
  /** Folder of a data set. @throws LightsegError if none was given */
  readonly folder: (dataset: string) => string;
  /** @throws LightsegError if they were not described */
  readonly photos: () => PhotosSummary;
}

/** A training by name: everything but the network, the folders of the data and the weights to begin with. */
export interface Recipe {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Data sets that it trains on; validations measure the last. */
  readonly datasets: readonly string[];
  build(input: RecipeInput): TrainingOptions;
}
