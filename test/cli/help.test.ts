import { describe, expect, it } from "vitest";
import type { Command } from "../../src/cli/arguments.ts";
import { findBatchVerb } from "../../src/cli/batch.ts";
import { benchmark } from "../../src/cli/benchmark.ts";
import { compare } from "../../src/cli/compare.ts";
import { convert } from "../../src/cli/convert.ts";
import { dataCommand } from "../../src/cli/data.ts";
import { evaluate } from "../../src/cli/evaluate.ts";
import { exportCommand } from "../../src/cli/export.ts";
import { helpWidth, renderHelp, renderMainHelp } from "../../src/cli/help.ts";
import { info } from "../../src/cli/info.ts";
import { paper } from "../../src/cli/paper.ts";
import { probe } from "../../src/cli/probe.ts";
import { quantize } from "../../src/cli/quantize.ts";
import { receptiveField } from "../../src/cli/receptive-field.ts";
import { report } from "../../src/cli/report.ts";
import { segment } from "../../src/cli/segment.ts";
import { summaries } from "../../src/cli/summaries.ts";
import { train } from "../../src/cli/train.ts";

const batchVerbs = ["run", "submit", "work", "status", "cancel", "evaluate"].map(findBatchVerb);
const verbs = [
  ...[segment, train, report, evaluate, compare, dataCommand, exportCommand, quantize, benchmark],
  ...[info, receptiveField, probe, paper, convert, ...batchVerbs],
];

/** The lines that are texts; usage and examples are commands, which are not broken. */
function textLines(help: string): string[] {
  const blocks = help.split("\n\n").filter((block) => !/^(Usage|Examples):/.test(block));
  return blocks.join("\n").split("\n");
}

describe.each<[string, Command]>(verbs.map((command) => [command.name, command]))(
  "the help of %s",
  (name, command) => {
    it("names options that there are, once each", () => {
      const help = renderHelp(command);
      expect(Object.keys(summaries)).toContain(name.split(" ")[0]);
      expect(help.startsWith(command.summary)).toBe(true);
      expect(help).toContain(`\n\nUsage: lightseg ${name}`);
      const names = command.options.map((option) => option.name);
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(expect.arrayContaining(["json", "help"]));
      const own = command.examples.filter((example) => example.startsWith(`lightseg ${name}`));
      expect(own).not.toEqual([]);
      for (const example of own)
        for (const [, option] of (example.split("&&")[0] ?? "").matchAll(/--([a-z-]+)/g))
          expect(names).toContain(option);
    });

    it("has all values of an option that takes few, or says where they are listed", () => {
      for (const { name: option, help, choices = [] } of command.options) {
        const text = option === "recipe" ? (command.notes ?? []).join("\n") : help;
        if (help.includes("lightseg info lists")) continue;
        const words = text.split(/[^\w-]+/);
        for (const value of choices) expect(words, `--${option}`).toContain(value);
      }
    });

    it.each([60, 80, 100])("fits into %i columns", (width) => {
      const lines = textLines(renderHelp(command, width));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    });
  },
);

it("names the verb of a batch that was meant", () => {
  expect(() => findBatchVerb("rnu")).toThrow(/got "rnu" \(did you mean run\? see lightseg batch --help\)/);
});

it("is as wide as the terminal, from 60 to 100 columns, and 100 without one", () => {
  expect([40, 72, 200].map((columns) => helpWidth({ columns }))).toEqual([60, 72, 100]);
  expect(helpWidth({})).toBe(100);
  const main = renderMainHelp(Object.entries(summaries), 60);
  expect(Math.max(...textLines(main).map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(main).toContain("\n  segment  ");
});
