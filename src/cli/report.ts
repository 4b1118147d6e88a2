import { join } from "node:path";
import { summarizeRun } from "../report/summary.ts";
import { writeComparison, writeReport } from "../report/write-report.ts";
import type { Command } from "./arguments.ts";
import { help, json, text } from "./options.ts";
import { formatShare } from "./output.ts";
import { summaries } from "./summaries.ts";

const DEFAULT_COMPARISON = "comparison.html";

const out = text(
  "out",
  "FILE",
  `Page to write (default: RUN/report.html, and ${DEFAULT_COMPARISON} for several runs)`,
);

export const report: Command = {
  name: "report",
  summary: summaries.report,
  operands: { name: "RUN...", min: 1, max: Number.POSITIVE_INFINITY },
  options: [out, json, help],
  notes: [
    "RUN is the folder of a run, finished or not; nothing in it is changed but the page. The page is one HTML file that loads nothing: curves of loss, learning rates and validations, IoU of each class, confusion matrix, photos with their errors, settings, origin, and how to repeat the run.",
    "A comparison has the curves over each other, the results, the settings that differ, and the IoU of each class side by side.",
  ],
  examples: ["lightseg report runs/a", "lightseg report runs/a runs/b --out a-and-b.html"],

  async run(args, print) {
    const [first = "", ...others] = args.operands;
    const isSingle = others.length === 0;
    const path = args.get(out) ?? (isSingle ? join(first, "report.html") : DEFAULT_COMPARISON);
    const runs = isSingle
      ? [(await writeReport(first, path)).run]
      : await writeComparison(args.operands, path);
    const summaries = runs.map(summarizeRun);
    for (const { run, network, dataset, state, step, best } of summaries) {
      const reached = best
        ? `best mean IoU ${formatShare(best.miou)} after step ${best.step}`
        : "no validation yet";
      print(`${run}: ${network} on ${dataset}, ${state} at step ${step}, ${reached}`);
    }
    print(path);
    return { json: { report: path, runs: summaries } };
  },
};
