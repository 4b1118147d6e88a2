import { comparePaper, countingRule, type PaperRow, paperConditions } from "../analysis/paper.ts";
import { cityscapesConditions, compareRelatives, type RelativeRow } from "../analysis/relatives.ts";
import { formatTable } from "../format-table.ts";
import type { Outcome } from "./arguments.ts";
import { colors, formatCount } from "./output.ts";

/** Prints the paper's tables of cost beside ours, and those of related papers. */
export function showPaper(print: (text: string) => void): Outcome {
  const rows = comparePaper();
  const { size, classes: count } = paperConditions;
  for (const table of [1, 2, 3] as const) {
    print(colors.bold(`Table ${table}`));
    print(formatTable(formatPaper(rows.filter((row) => row.table === table)), "  "));
  }
  print(
    [
      `Parameters at ${count} classes; operations at ${size.join("x")}, counted as ${countingRule},`,
      "the rule by which every ResNet of the paper comes out. MACs are those of convolutions alone.",
      "Where we differ: no rule that counts an op alike in both gives 9.3 for MobileNet-v2 and 263 for RefineNet-101,",
      "which has at least as many of each; which cells of NASNet-Mobile the decoder reads is not published.",
      "Table 2 was measured on 625x468 inputs: lightseg benchmark --paper.",
    ].join("\n"),
  );
  const relatives = compareRelatives();
  const { size: cityscapes, classes: cityscapesClasses } = cityscapesConditions;
  print(colors.bold(`Other papers, ${cityscapes.join("x")}, ${cityscapesClasses} classes`));
  print(formatTable(formatRelatives(relatives), "  "));
  for (const rule of new Set(relatives.map((row) => row.rule))) {
    const counted = relatives.filter((row) => row.rule === rule).map(({ network }) => network);
    print(`${counted.join(", ")}: counted as ${rule}.`);
  }
  print("Parameters are with the auxiliary head, which is for training alone.");
  return { json: { size, classes: count, rule: countingRule, rows, relatives } };
}

function formatPaper(rows: readonly PaperRow[]): string[][] {
  const withParameters = rows.some(({ parameters }) => parameters);
  const withOperations = rows.some(({ operations }) => operations);
  const withRuntime = rows.some(({ runtime }) => runtime);
  const header = [
    "network",
    ...(withParameters ? ["params M", "ours", "diff"] : []),
    ...(withOperations ? ["FLOPs B", "ours", "diff", "MACs G"] : []),
    ...(withRuntime ? ["runtime ms"] : []),
  ];
  const lines = rows.map(({ network, parameters, operations, runtime }) => [
    network,
    ...(parameters ? [String(parameters.published), parameters.ours.toFixed(2), difference(parameters)] : []),
    ...(operations
      ? [
          String(operations.published),
          operations.ours.toFixed(2),
          difference(operations),
          operations.macs.toFixed(2),
        ]
      : []),
    ...(runtime ? [`${runtime[0].toFixed(2)} ± ${runtime[1].toFixed(2)}`] : []),
  ]);
  return [header, ...lines];
}

function formatRelatives(rows: readonly RelativeRow[]): string[][] {
  const header = ["network", "params", "ours", "diff", "FLOPs B", "ours", "diff", "MACs G"];
  const lines = rows.map(({ network, parameters, operations }) => [
    network,
    ...(parameters
      ? [formatCount(parameters.published), formatCount(parameters.ours), difference(parameters)]
      : ["-", "-", "-"]),
    String(operations.published),
    operations.ours.toFixed(2),
    difference(operations),
    operations.macs.toFixed(2),
  ]);
  return [header, ...lines];
}

function difference({
  published,
  ours,
  agrees,
}: {
  published: number;
  ours: number;
  agrees: boolean;
}): string {
  if (agrees) return "=";
  const percent = (100 * (ours - published)) / published;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(1)} %`;
}
