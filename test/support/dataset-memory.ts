import type { Dataset, LabelSpace, Sample } from "../../src/datasets/dataset.ts";

export const gardenLabels: LabelSpace = {
  classes: ["grass", "path", "pond"],
  palette: [
    [0, 128, 0],
    [128, 128, 128],
    [0, 0, 255],
  ],
  ignoreLabel: 255,
};

/** A black photo with the given labels, in rows of `width`. */
export function sampleOf(id: string, width: number, values: readonly number[]): Sample {
  const height = values.length / width;
  const data = Uint8Array.from(values);
  return {
    id,
    photo: { width, height, data: new Uint8Array(3 * data.length) },
    labels: { width, height, data },
  };
}

/** A split of these samples, with the classes grass, path and pond. */
export function inMemory(split: string, samples: readonly Sample[]): Dataset {
  return {
    name: "test",
    split,
    labels: gardenLabels,
    size: samples.length,
    ids: samples.map(({ id }) => id),
    async load(index) {
      const found = samples[index];
      if (found === undefined) throw new RangeError(`no sample ${index}`);
      return found;
    },
  };
}
