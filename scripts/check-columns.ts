/**
 * Fails on lines of more than 110 columns: `npx tsx scripts/check-columns.ts`, part of `npm run lint`.
 *
 * Biome breaks code at 110 columns, and leaves longer lines only where a text cannot be broken. It leaves
 * comments and other files as they are, so these are checked here. Lines with a long address are exempt,
 * and in Markdown rows of tables and indented blocks: commands to copy.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseSync } from "vite";

const MOST_COLUMNS = 110;
const CHECKED = /\.(ts|mjs|js|css|py|md|sh|yaml)$|^deploy\/Dockerfile$|^\.ci\/run$/;
const EXEMPT = /https?:\/\/\S{40}/;
const EXEMPT_IN_MARKDOWN = /^ *\||^ {4}/;
const GENERATED = /^(src\/graph\/onnx\/onnx_pb\.ts|docs\/api\/)/;

/** The lines to check, by number from 0. */
function checkedLines(file: string, text: string): ReadonlySet<number> {
  const isCode = /\.(ts|mjs|js)$/.test(file);
  const parts = isCode ? parseSync(file, text).comments : [{ start: 0, end: text.length }];
  const lineAt = (index: number) => text.slice(0, index).split("\n").length - 1;
  return new Set(
    parts.flatMap(({ start, end }) => {
      const [first, last] = [lineAt(start), lineAt(end)];
      return Array.from({ length: last - first + 1 }, (_, line) => first + line);
    }),
  );
}

let count = 0;
for (const file of execFileSync("git", ["ls-files"], { encoding: "utf8" }).trim().split("\n")) {
  if (!CHECKED.test(file) || GENERATED.test(file)) continue;
  const text = readFileSync(file, "utf8");
  const long = [...text.split("\n").entries()].filter(
    ([, line]) =>
      [...line].length > MOST_COLUMNS &&
      !EXEMPT.test(line) &&
      !(file.endsWith(".md") && EXEMPT_IN_MARKDOWN.test(line)),
  );
  if (long.length === 0) continue;
  const checked = checkedLines(file, text);
  for (const [index, line] of long) {
    if (!checked.has(index)) continue;
    count++;
    console.error(`${file}:${index + 1}: ${[...line].length} columns`);
  }
}
if (count > 0) {
  console.error(`${count} lines have more than ${MOST_COLUMNS} columns`);
  process.exitCode = 1;
}
