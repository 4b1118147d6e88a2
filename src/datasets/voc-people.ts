import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import type { DatasetDescription, LabelSpace, Sample } from "./dataset.ts";
import { voc, vocLabels } from "./voc.ts";

const person = vocLabels.classes.indexOf("person");

const labels: LabelSpace = {
  classes: ["background", "person"],
  palette: [0, person].map((label) => vocPalette(person + 1)[label] ?? [0, 0, 0]),
  ignoreLabel: IGNORE_LABEL,
};

/** The people in PASCAL VOC: files and splits of `voc`, with its other classes as background. */
export const vocPeople = {
  name: "voc-people",
  photosOf: voc.name,
  labels,
  splits: voc.splits,
  async open(directory, split, options = {}) {
    const all = await voc.open(directory, split, options);
    return { ...all, name: "voc-people", labels, load: async (index) => keepPeople(await all.load(index)) };
  },
} satisfies DatasetDescription;

function keepPeople(sample: Sample): Sample {
  const data = sample.labels.data.map((label) => (label === IGNORE_LABEL ? label : Number(label === person)));
  return { ...sample, labels: { ...sample.labels, data } };
}
