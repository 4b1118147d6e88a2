import { formatTable } from "../format-table.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { checkFolderOf, writeFileAtomically } from "../node/files.ts";
import { describeTheoretical, renderReceptiveFields } from "../paper/receptive-field-page.ts";
import { plural } from "../plural.ts";
import { openNodeSession } from "../runtime/node/session.ts";
import { type ReceptiveFieldStudy, studyReceptiveField } from "../studies/receptive-field.ts";
import type { Command } from "./arguments.ts";
import {
  classes,
  data,
  datasetOption,
  help,
  integer,
  json,
  size,
  text,
  threads,
  weights,
} from "./options.ts";
import { colors } from "./output.ts";
import { at, limit, loadStudied, openPhotos } from "./study-options.ts";
import { summaries } from "./summaries.ts";
import { withInterrupt } from "./with-interrupt.ts";

const dataset = datasetOption("none: photos");
const split = text("split", "NAME", "Split of the data set (default val)");
const photoSize = size("size", "Height x width that photos are squeezed to, in pixels (default 224x224)");
const units = integer("units", "N", { min: 1, max: 4096 }, "Units studied, the most active ones (default 4)");
const top = integer(
  "top",
  "N",
  { min: 1, max: 1000 },
  "Photos of each unit, those it is most active on (default 5)",
);
const occluder = integer(
  "occluder",
  "N",
  { min: 1, max: 2048 },
  "Side of the occluder in pixels (default 22)",
);
const step = integer("step", "N", { min: 1, max: 2048 }, "Pixels from occluder to occluder (default 8)");
const seed = integer("seed", "N", { min: 0 }, "Seed of the occluder's pixels (default 0)");
const out = text("out", "FILE.html", "Also write a page with the maps and the photos of each unit");

export const receptiveField: Command = {
  name: "receptive-field",
  summary: summaries["receptive-field"],
  operands: { name: "[MODEL]", min: 0, max: 1 },
  options: [
    ...[at, data, dataset, split, limit, photoSize, units, top, occluder, step, seed, out],
    ...[weights, classes, threads, json, help],
  ],
  notes: [
    `MODEL is a shipped model, a model file, the folder of a training run, or a network with --weights (default ${DEFAULT_MODEL}). --data is a folder of photos, or of a data set where --dataset names one.`,
    "Theoretical: the pixels that the windows of all ops let a unit see. Effective (Luo et al., 2016): those with more than 4.55 % of the largest gradient, which the graph's own derivatives give. Empirical (Zhou et al., 2015): those with more than 4.55 % of the largest change of the unit when a square of random pixels hides them, calibrated to the place of the unit and averaged over the photos that it is most active on. Sides are roots of areas, in pixels of the squeezed photo.",
    "Maps have the names of blocks (lightseg info MODEL --draw net.svg shows them) and layers (info --layers). In RefineNet-LW on ResNets CRP of the coarsest level is mflow_conv_g1_pool and the first summation fusion2; on MobileNet-v2 crp4 and fusion3. Behind ReLU6 (before:crp4) the most active units stand at 6, where their gradient is 0: take fusion4.",
    "Ctrl-C stops after the run of the network under way; exit code 130.",
  ],
  examples: [
    "lightseg receptive-field voc --at before:crp4 --at crp4 --at fusion3 --dataset voc --data VOC2012",
    "lightseg receptive-field camvid --at crp4 --data photos --limit 50 --out field.html",
  ],

  async run(args, print) {
    const names = args.requireAll(at);
    const typed = {
      size: args.get(photoSize),
      units: args.get(units),
      top: args.get(top),
      occluder: args.get(occluder),
      step: args.get(step),
      seed: args.get(seed),
    };
    const file = args.get(out);
    if (file !== undefined && !file.endsWith(".html"))
      throw args.usageError("--out", "must be a file name that ends in .html", file);
    if (file !== undefined) await checkFolderOf(file);
    const photos = await openPhotos(args, { where: "receptive-field", split: args.get(split) ?? "val" });
    const model = await loadStudied(args);
    const engine = { open: openNodeSession, threads: args.get(threads) };
    const note = "stopping after the run of the network under way; once more to stop at once";
    return withInterrupt({ note }, async ({ progress, signal }) => {
      const studies: ReceptiveFieldStudy[] = [];
      for (const name of names) {
        const options = {
          ...typed,
          at: name,
          photos,
          signal,
          onProgress: ({ task, done, total }: { task: string; done: number; total: number }) =>
            progress.update(`${name}: ${task}`, done, total),
        };
        studies.push(await studyReceptiveField(model, options, engine));
      }
      progress.end();
      const called = args.operands[0] ?? DEFAULT_MODEL;
      print(colors.bold(`${called}, ${plural(photos.size, "photo")}`));
      print(formatTable([HEAD, ...studies.map(describe)], "  "));
      if (file !== undefined) {
        const page = await renderReceptiveFields(studies, { model: called, photos });
        await writeFileAtomically(file, page);
        print(`  wrote ${file}`);
      }
      return { json: { model: called, photos: photos.size, maps: studies.map(report), page: file ?? null } };
    });
  },
};

const HEAD = ["map", "shape", "theoretical", "effective", "empirical", "units (empirical)"];

function describe(study: ReceptiveFieldStudy): string[] {
  const { at, map, effective, empirical, units } = study;
  return [
    at,
    map.join("x"),
    describeTheoretical(study),
    `${effective.side.toFixed(0)} px`,
    `${empirical.side.toFixed(0)} px`,
    units.map(({ unit, empirical }) => `${unit} (${empirical.side.toFixed(0)} px)`).join(", "),
  ];
}

/** A study for `--json`; a theoretical field without ends is null. */
function report({ at, size, map, theoretical, effective, empirical, units }: ReceptiveFieldStudy) {
  const { rows, columns } = theoretical;
  return {
    at,
    size,
    map,
    theoretical: Number.isFinite(rows[1] - rows[0]) ? { rows, columns } : null,
    effective: effective.side,
    empirical: empirical.side,
    units: units.map(({ unit, empirical, peaks }) => ({
      unit,
      empirical: empirical.side,
      photos: peaks.map(({ photo, activation, row, column }) => ({ photo, activation, row, column })),
    })),
  };
}
