/** Fails on lines of more than 110 columns, comments included: `npx tsx scripts/check-columns.ts`. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const MOST_COLUMNS = 110;
const rooms = ["src", "test", "bench", "demo", "scripts", "examples"];
const generated = "src/graph/onnx/onnx_pb.ts";

/** Lines that hold nothing but one text: addresses and messages, which the formatter does not break either. */
const UNBREAKABLE = /https?:\/\/\S{60}|^\s*(?:\w+:\s*|return |log\(|print\()?["'`].*["'`][,;)]*$/;

const files = execFileSync("git", ["ls-files", "--", ...rooms], { encoding: "utf8" })
  .trim()
  .split("\n");
let count = 0;
for (const file of files) {
  if (!/\.(ts|mjs|js|css|html|py)$/.test(file) || file === generated) continue;
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((line, index) => {
      if ([...line].length <= MOST_COLUMNS || UNBREAKABLE.test(line)) return;
      count++;
      console.error(`${file}:${index + 1}: ${[...line].length} columns`);
    });
}
if (count > 0) {
  console.error(`${count} lines have more than ${MOST_COLUMNS} columns`);
  process.exitCode = 1;
}
