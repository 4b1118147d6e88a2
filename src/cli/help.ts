import type { Command, Option } from "./arguments.ts";

const MAX_WIDTH = 100;
const MIN_WIDTH = 60;

/** Columns that help may take: those of the terminal, from 60 to 100; 100 where there is none. */
export function helpWidth({ columns = MAX_WIDTH }: { readonly columns?: number } = process.stdout): number {
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns));
}

/** The help of one verb. */
export function renderHelp(
  { name, summary, operands, options, notes = [], examples }: Command,
  width = MAX_WIDTH,
): string {
  const usage = ["lightseg", name, operands?.name, "[options]"].filter(Boolean).join(" ");
  const rows = options.map(
    (option: Option<unknown>) =>
      [`--${option.name}${option.value ? ` ${option.value}` : ""}`, option.help] as const,
  );
  return [
    wrap(summary, 0, width),
    `Usage: ${usage}`,
    `Options:\n${wrapList(rows, width)}`,
    ...notes.map((note) => wrap(note, 0, width)),
    `Examples:\n${examples.map((example) => `  ${example}`).join("\n")}`,
  ].join("\n\n");
}

/** The help of the program. @param verbs each with its summary */
export function renderMainHelp(verbs: readonly (readonly [string, string])[], width = MAX_WIDTH): string {
  const options = [
    ["--help", "Shows this help; after a verb, the help of that verb."],
    ["--version", "Prints the version."],
  ] as const;
  const codes =
    "Exit codes: 0 done, 1 failed, 2 usage error, 130 stopped by Ctrl-C, 143 by SIGTERM. With LIGHTSEG_DEBUG set, errors come with a stack trace.";
  return [
    wrap(
      "Real-time semantic segmentation: Light-Weight RefineNet, trained and run on ONNX Runtime.",
      0,
      width,
    ),
    "Usage: lightseg VERB [options]",
    `Verbs:\n${wrapList([...verbs, ["help", "Shows this help, or the help of a verb."]], width)}`,
    `Options:\n${wrapList(options, width)}`,
    wrap(codes, 0, width),
  ].join("\n\n");
}

/** Names and what they stand for, side by side. */
function wrapList(rows: readonly (readonly [name: string, text: string])[], width: number): string {
  const column = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.map(([name, text]) => `  ${name.padEnd(column - 2)}${wrap(text, column, width)}`).join("\n");
}

/** Breaks a text into lines, all but the first indented. */
function wrap(text: string, indent: number, width: number): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length + 1 + indent > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
