import type { Weights } from "../weights.ts";

/** How other libraries name the parameters of a backbone. */
export interface OtherNames {
  /** The official name of a parameter, behind whatever prefix it has; names not known stay as they are. */
  rename(name: string): string;
  /** Adds, under official names, what the other definitions leave out, where their weights were read. */
  complete?(weights: Weights): void;
}
