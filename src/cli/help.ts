import type { Command, Option } from "./arguments.ts";

const WIDTH = 100;

/** The help of one verb. */
export function renderHelp({ name, summary, operands, options, notes = [], examples }: Command): string {
  const usage = ["lightseg", name, operands?.name, "[options]"].filter(Boolean).join(" ");
  const left = options.map((option) => `--${option.name}${option.value ? ` ${option.value}` : ""}`);
  const column = Math.max(...left.map((entry) => entry.length)) + 4;
  const lines = options.map(
    (option: Option<unknown>, index) =>
      `  ${(left[index] ?? "").padEnd(column - 2)}${wrap(option.help, column)}`,
  );
  return [
    summary,
    `Usage: ${usage}`,
    `Options:\n${lines.join("\n")}`,
    ...notes.map((note) => wrap(note, 0)),
    `Examples:\n${examples.map((example) => `  ${example}`).join("\n")}`,
  ].join("\n\n");
}

/** Breaks a text into lines, all but the first indented. */
function wrap(text: string, indent: number): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length + 1 + indent > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
