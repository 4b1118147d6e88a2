import { basename, parse } from "node:path";
import { takeFirst } from "../datasets/dataset.ts";
import { decodePhoto } from "../images/node/decode.ts";
import { encodePng } from "../images/node/encode.ts";
import { checkFolderOf, writeFileAtomically } from "../node/files.ts";
import {
  drawComparison,
  type PhotoComparison,
  renderComparedPhotos,
  renderComparedSvg,
} from "../paper/compare.ts";
import { compareModels, type PhotoToCompare, withModels } from "../paper/compare-models.ts";
import { plural } from "../plural.ts";
import type { Arguments, Command, Option } from "./arguments.ts";
import { findPhotos } from "./find-photos.ts";
import {
  data,
  dataset,
  deviceOption,
  dtypeOption,
  help,
  integer,
  json,
  text,
  threads,
  typedDataset,
} from "./options.ts";
import { log } from "./output.ts";
import { summaries } from "./summaries.ts";
import { withInterrupt } from "./with-interrupt.ts";

const DEFAULT_OUT = "models.html";
const DEFAULT_LIMIT = 6;

const photos: Option<string> = {
  ...text("photos", "PATH", "A photo or a folder of photos; may be repeated"),
  repeatable: true,
};
const split = text("split", "NAME", "Split of the data set (default val)");
const limit = integer("limit", "N", { min: 1 }, `Photos compared, the first ones (default ${DEFAULT_LIMIT})`);
const out = text("out", "FILE", `Page or picture to write: .html, .svg or .png (default ${DEFAULT_OUT})`);
const dtype = dtypeOption("auto");
const device = deviceOption("auto");

export const compare: Command = {
  name: "compare",
  summary: summaries.compare,
  operands: { name: "MODEL...", min: 1, max: Number.POSITIVE_INFINITY },
  options: [photos, dataset, data, split, limit, out, dtype, device, threads, json, help],
  notes: [
    "MODEL is a shipped model, a model file, or the folder of a training run. Photos come from --photos, or with their true labels from the data set in --data: then the truth has a column too.",
    "Each row is a photo: itself, the truth, and the labels of each model in its colors. Pixels that the truth ignores are striped. Ctrl-C stops after the photo under way; exit code 130.",
  ],
  examples: [
    "lightseg compare voc camvid --photos examples --out comparison.png",
    "lightseg compare voc runs/a/best.safetensors --dataset voc --data VOC2012 --limit 8",
  ],

  async run(args, print) {
    const file = args.get(out) ?? DEFAULT_OUT;
    const ending = parse(file).ext;
    const render = renderers[ending];
    if (!render) throw args.usageError("--out", `must end in ${Object.keys(renderers).join(", ")}`, file);
    await checkFolderOf(file);
    const source = await openSource(args);
    const options = {
      dtype: args.get(dtype),
      device: args.get(device),
      threads: args.get(threads),
      onNote: log,
    };
    const note = "stopping after the photo under way; once more to stop at once";
    return withInterrupt({ note }, async ({ progress, signal }) => {
      const comparison = await withModels(args.operands, options, (models) =>
        compareModels(source.photos(), models, {
          total: source.size,
          signal,
          ...(source.labels && { labels: source.labels }),
          onProgress: (done, total) => progress.update("photos", done, total),
        }),
      );
      progress.end();
      await writeFileAtomically(file, await render(comparison));
      print(
        `wrote ${file}: ${plural(comparison.rows.length, "photo")}, ${comparison.columns.slice(1).join(", ")}`,
      );
      return {
        json: { file, columns: comparison.columns, photos: comparison.rows.map(({ id }) => id) },
      };
    });
  },
};

const renderers: Readonly<Record<string, (comparison: PhotoComparison) => Promise<Uint8Array | string>>> = {
  ".html": (comparison) => renderComparedPhotos(comparison, comparison.columns.slice(1).join(", ")),
  ".svg": renderComparedSvg,
  ".png": async (comparison) => encodePng(drawComparison(comparison)),
};

/** The photos that were named, and the names of their labels where they have any. */
async function openSource(args: Arguments) {
  const most = args.get(limit) ?? DEFAULT_LIMIT;
  if (args.has(dataset) || args.has(data)) {
    if (args.has(photos)) throw args.usageError("--photos", "cannot be given beside --dataset and --data");
    const description = typedDataset(args);
    const opened = await description.open(args.require(data), args.get(split) ?? "val");
    const samples = takeFirst(opened, most);
    async function* load(): AsyncGenerator<PhotoToCompare> {
      for (let index = 0; index < samples.size; index++) {
        const { id, photo, labels } = await samples.load(index);
        yield { id, photo, truth: labels };
      }
    }
    return { size: samples.size, labels: samples.labels, photos: load };
  }
  const all = await findPhotos(args.requireAll(photos), "compare");
  const found = all.photos.slice(0, most);
  async function* read(): AsyncGenerator<PhotoToCompare> {
    for (const path of found) yield { id: basename(path), photo: await decodePhoto(path) };
  }
  return { size: found.length, labels: undefined, photos: read };
}
