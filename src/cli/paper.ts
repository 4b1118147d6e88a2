import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { datasets } from "../datasets/index.ts";
import { decodePhoto } from "../images/node/decode.ts";
import { checkFolder, makeFolder, writeFileAtomically } from "../node/files.ts";
import { readVersion } from "../node/version.ts";
import { type Ablation, readAblation } from "../paper/ablation.ts";
import { type MeasurePaperOptions, measurePaper, TIMED } from "../paper/measure.ts";
import { describePaper, renderPaper } from "../paper/page.ts";
import type { Arguments, Command, Option } from "./arguments.ts";
import { findPhotos } from "./find-photos.ts";
import { flag, help, integer, json, text, threads } from "./options.ts";
import { summaries } from "./summaries.ts";
import { timeApart } from "./time-apart.ts";
import { withInterrupt } from "./with-interrupt.ts";

const DEFAULT_OUT = "lightseg-paper";
const names = datasets.map(({ name }) => name);

const data: Option<{ name: string; folder: string }> = {
  name: "data",
  value: "NAME=DIR",
  help: "Folder of a data set, such as voc=VOC2012; may be repeated",
  rule: `a data set (${names.join(", ")}), = and its folder`,
  repeatable: true,
  parse(typed) {
    const [name = "", ...rest] = typed.split("=");
    const folder = rest.join("=");
    return names.includes(name) && folder !== "" ? { name, folder } : undefined;
  },
};
const photos: Option<string> = {
  ...text("photos", "PATH", "A photo or a folder of photos for Figure 2; may be repeated"),
  repeatable: true,
};
const ablation: Option<string> = {
  ...text("ablation", "DIR", "Folder of runs that differ in the network; may be repeated"),
  repeatable: true,
};
const times = flag(
  "times",
  "Also time the networks, each in a process of its own; close other programs first",
);
const limit = integer("limit", "N", { min: 1 }, "Photos of each split, the first ones (default all)");
const multiScale = flag("multi-scale", "Also average over scales and mirror images, as the paper's tests do");
const out = text("out", "DIR", `Folder of the page, made if absent (default ${DEFAULT_OUT})`);

export const paper: Command = {
  name: "paper",
  summary: summaries.paper,
  options: [data, photos, ablation, times, limit, multiScale, out, threads, json, help],
  notes: [
    "Writes DIR/index.html, one page that loads nothing, and DIR/paper.json: the tables and figures of Light-Weight RefineNet, NDNet and FRM, as published and as this code gives them, with the command for each. What can be computed from the graphs alone needs no data; the rest is measured on the data given, with the shipped models. What is absent says so.",
    "Of data sets no photo is shown in the page. With voc at hand Figure 3 and Table 4 take minutes: a network that is occluded 12,000 times, and heads trained on the training photos. Ctrl-C stops after the run under way, and nothing is written; exit code 130.",
  ],
  examples: [
    "lightseg paper",
    "lightseg paper --data voc=VOC2012 --data camvid=CamVid --photos examples --out docs/paper",
    "lightseg paper --ablation runs/ablation --times",
  ],

  async run(args, print) {
    const folder = args.get(out) ?? DEFAULT_OUT;
    const given = new Map(args.getAll(data).map((each) => [each.name, each.folder]));
    const files = await typedPhotos(args);
    const threadCount = args.get(threads) ?? availableParallelism();
    const conditions = {
      version: await readVersion(),
      cpu: cpus()[0]?.model ?? "unknown",
      threads: threadCount,
      data: [...given.keys()],
      limit: args.get(limit),
      multiScale: args.has(multiScale),
    };
    const ablations: Ablation[] = [];
    for (const runs of args.getAll(ablation)) ablations.push(await readAblation(runs));
    await checkFolder(folder);
    const note = "stopping after the run under way; once more to stop at once";
    return withInterrupt({ note }, async ({ progress, signal }) => {
      const measured = await measurePaper({
        data: given,
        photos: files,
        limit: conditions.limit,
        multiScale: conditions.multiScale,
        threads: threadCount,
        signal,
        ablations,
        time: args.has(times) ? timeIn(threadCount) : undefined,
        onProgress: ({ task, done, total }) => progress.update(task, done, total),
      });
      progress.end();
      const description = describePaper(measured, conditions);
      await makeFolder(folder);
      const page = join(folder, "index.html");
      await writeFileAtomically(page, await renderPaper(measured, conditions));
      const file = join(folder, "paper.json");
      await writeFileAtomically(file, `${JSON.stringify(description, undefined, 1)}\n`);
      print(`wrote ${page} and ${file}`);
      return { json: { page, file, ...description } };
    });
  },
};

function timeIn(threadCount: number): MeasurePaperOptions["time"] {
  const settings = { ...TIMED, threads: threadCount, classes: undefined, dtype: undefined };
  return async (network, size) => (await timeApart(network, { ...settings, size })).forward;
}

async function typedPhotos(args: Arguments): Promise<string[]> {
  const paths = args.getAll(photos);
  if (paths.length === 0) return [];
  const found = await findPhotos(paths, "paper");
  // One that cannot be read is noticed now.
  for (const photo of found.photos) await decodePhoto(photo);
  return found.photos;
}
