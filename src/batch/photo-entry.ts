/** A photo to be segmented. */
export interface PhotoEntry {
  /** Its name in the results, each once: the key below a folder or prefix, or what a list calls it. */
  readonly id: string;
  /** Its whole address. */
  readonly source: string;
  /** The address of its mask, where the labels are to be compared with one. */
  readonly mask?: string;
}
