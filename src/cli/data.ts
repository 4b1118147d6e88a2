import { checkDataset, type DatasetCheck, type Range } from "../datasets/check.ts";
import type { DatasetDescription } from "../datasets/dataset.ts";
import { type DatasetIssue, findSharedIds } from "../datasets/issues.ts";
import { type PageSplit, renderSamplesPage } from "../datasets/samples-page.ts";
import { LightsegError } from "../errors.ts";
import { formatTable } from "../format-table.ts";
import { checkFolderOf, writeFileAtomically } from "../node/files.ts";
import { plural } from "../plural.ts";
import type { Arguments, Command, Option } from "./arguments.ts";
import { data, dataset, help, integer, json, text, typedDataset } from "./options.ts";
import { colors, describeError, formatShare, log } from "./output.ts";
import { summaries } from "./summaries.ts";
import { withInterrupt } from "./with-interrupt.ts";

const DEFAULT_SAMPLES = 4;
/** Issues that a terminal shows of each split; JSON and the page have all. */
const SHOWN_ISSUES = 20;

const split: Option<string[]> = {
  name: "split",
  value: "NAME,...",
  help: "Parts of the data set, such as train,val,test (default train,val)",
  rule: "one or more names, with commas between",
  parse: (typed) => {
    const names = [...new Set(typed.split(","))];
    return names.includes("") ? undefined : names;
  },
};
const samples = integer(
  "samples",
  "N",
  { min: 0, max: 1000 },
  `Samples of each split on the page (default ${DEFAULT_SAMPLES})`,
);
const out = text("out", "FILE", "Write a page of HTML with the counts, the faults and samples");

export const dataCommand: Command = {
  name: "data",
  summary: summaries.data,
  operands: { name: "check", min: 1, max: 1 },
  options: [dataset, data, split, samples, out, json, help],
  notes: [
    "Errors: photos and masks that are missing, cannot be read or differ in size, labels out of range, ids listed twice, a split without labelled pixels. Warnings: classes without pixels, ids that several splits have. Exit code 1 with errors, 0 with warnings alone.",
    "The share of a class is that of its pixels among all pixels of the split.",
  ],
  examples: [
    "lightseg data check --dataset camvid --data camvid",
    "lightseg data check --data garden --split train --samples 20 --out check.html",
  ],

  async run(args, print) {
    if (args.operands[0] !== "check") throw args.usageError("data", "must be check", args.operands[0]);
    const description = typedDataset(args);
    const folder = args.require(data);
    const parts = chooseSplits(description, args);
    const page = args.get(out);
    const count = args.get(samples) ?? DEFAULT_SAMPLES;
    if (page === undefined && args.has(samples)) throw args.usageError("--samples", "needs --out");
    if (page !== undefined) await checkFolderOf(page);

    return withInterrupt({ note: "stopping; once more to stop at once" }, async ({ progress, signal }) => {
      const checked: PageSplit[] = [];
      for (const part of parts) {
        const onProgress = (done: number, total: number) => progress.update(part, done, total);
        checked.push(await checkSplit(description, folder, part, { onProgress, signal }));
      }
      const opened = checked.flatMap((entry) => entry.checked?.dataset ?? []);
      const name = opened[0]?.name ?? description.name;
      const shared = findSharedIds(opened);
      progress.end();
      print([...checked.map(describeSplit), ...describeShared(shared)].join("\n\n"));
      if (page !== undefined) {
        const html = await renderSamplesPage({ name, splits: checked, shared, samples: count });
        signal.throwIfAborted();
        await writeFileAtomically(page, html);
        log(`wrote ${page}`);
      }
      const isError = ({ severity }: DatasetIssue) => severity === "error";
      const errors = checked.flatMap(({ issues }) => issues).filter(isError).length;
      return {
        json: { dataset: name, errors, splits: checked.map(toJson), shared },
        exitCode: errors > 0 ? 1 : 0,
      };
    });
  },
};

function chooseSplits({ name, splits }: DatasetDescription, args: Arguments): readonly string[] {
  const typed = args.get(split);
  const foreign = typed?.find((part) => !splits.includes(part));
  if (foreign !== undefined)
    throw args.usageError("--split", `must be of ${splits.join(", ")} for data set ${name}`, foreign, splits);
  const usual = splits.filter((part) => part === "train" || part === "val");
  return typed ?? (usual.length > 0 ? usual : splits);
}

/** A split that cannot be opened has that as its one issue. */
async function checkSplit(
  description: DatasetDescription,
  folder: string,
  part: string,
  options: { onProgress: (done: number, total: number) => void; signal: AbortSignal },
): Promise<PageSplit> {
  try {
    const opened = await description.open(folder, part, { missing: "keep" });
    const check = await checkDataset(opened, options);
    return { split: part, issues: check.issues, checked: { dataset: opened, check } };
  } catch (error) {
    if (!(error instanceof LightsegError)) throw error;
    return { split: part, issues: [{ severity: "error", message: describeError(error).message }] };
  }
}

function describeSplit({ split: part, issues, checked }: PageSplit): string {
  const blocks = [colors.bold(part)];
  if (checked) blocks.push(describeCounts(checked.check));
  return [...blocks, ...describeIssues(issues)].join("\n");
}

function describeCounts({ samples: listed, sound, size, classes, ignored }: DatasetCheck): string {
  const range = ({ min, median, max }: Range) => [min, median, max].map(String);
  const counts = [...classes, { name: "(ignored)", ...ignored }].map((entry) => [
    entry.name,
    formatShare(entry.share),
    String(entry.photos),
  ]);
  const sizes = size && [
    ["pixels", "lowest", "median", "highest"],
    ["width", ...range(size.width)],
    ["height", ...range(size.height)],
  ];
  return [
    `${plural(listed, "sample")}, ${sound.length} without error`,
    ...(sizes ? [formatTable(sizes), formatTable([["class", "share", "photos"], ...counts])] : []),
  ].join("\n");
}

function describeIssues(issues: readonly DatasetIssue[]): string[] {
  const paint = { error: colors.red, warning: colors.yellow };
  const shown = issues
    .slice(0, SHOWN_ISSUES)
    .map(({ severity, message }) => `${paint[severity](severity)}: ${message}`);
  const more = issues.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more; --json and --out have all`] : shown;
}

function describeShared(shared: readonly DatasetIssue[]): string[] {
  return shared.length > 0 ? [describeIssues(shared).join("\n")] : [];
}

function toJson({ split: part, issues, checked }: PageSplit): object {
  if (!checked) return { split: part, issues };
  const { samples: listed, sound, classes, ignored, size } = checked.check;
  return { split: part, samples: listed, sound: sound.length, size, classes, ignored, issues };
}
