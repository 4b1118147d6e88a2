/** Which classes are objects: all but the background, which VOC's classes begin with. */
export function objectLabels(classes: readonly string[]): number[] {
  return [...classes.keys()].filter((label) => classes[label] !== "background");
}

/** Which of the object classes have a pixel: 1 for each that has, else 0. */
export function findPresent(labels: Iterable<number>, objects: readonly number[]): Int32Array<ArrayBuffer> {
  const present = new Set(labels);
  return Int32Array.from(objects, (label) => (present.has(label) ? 1 : 0));
}

/** Counts right decisions: is this class in this photo, or is it not? */
export class MultiLabelAccuracy {
  readonly #right: number[];
  #photos = 0;

  /** @param objects the number of object classes */
  constructor(objects: number) {
    this.#right = new Array<number>(objects).fill(0);
  }

  /** Adds a photo: 1 for each class that is there (that was found), else 0. */
  add(truth: ArrayLike<number>, found: ArrayLike<number>): void {
    this.#photos += 1;
    for (const index of this.#right.keys())
      if (truth[index] === found[index]) this.#right[index] = (this.#right[index] ?? 0) + 1;
  }

  /** The share of right decisions, 0..1, for each class. */
  get byClass(): number[] {
    return this.#right.map((count) => count / this.#photos);
  }

  /** The share of right decisions over all classes and photos, 0..1. */
  get accuracy(): number {
    return this.byClass.reduce((sum, share) => sum + share, 0) / this.#right.length;
  }
}
