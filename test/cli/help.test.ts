import { describe, expect, it } from "vitest";
import type { Command } from "../../src/cli/arguments.ts";
import { compare } from "../../src/cli/compare.ts";
import { renderHelp } from "../../src/cli/help.ts";
import { info } from "../../src/cli/info.ts";
import { paper } from "../../src/cli/paper.ts";
import { probe } from "../../src/cli/probe.ts";
import { receptiveField } from "../../src/cli/receptive-field.ts";
import { summaries } from "../../src/cli/summaries.ts";

describe("the help of the verbs that follow the paper", () => {
  it.each<[string, Command]>(
    [compare, info, paper, probe, receptiveField].map((command) => [command.name, command]),
  )("%s", (name, command) => {
    const help = renderHelp(command);
    expect(Object.keys(summaries)).toContain(name);
    expect(help.startsWith(command.summary)).toBe(true);
    expect(help).toContain(`\n\nUsage: lightseg ${name}`);
    const names = command.options.map((option) => option.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(["json", "help"]));
    for (const example of command.examples) {
      expect(example.startsWith(`lightseg ${name}`)).toBe(true);
      // Examples name options that there are.
      for (const [, option] of example.matchAll(/--([a-z-]+)/g)) expect(names).toContain(option);
    }
    const texts = help.split("\n\n").slice(0, -1).join("\n").split("\n");
    for (const line of texts) expect(line.length).toBeLessThanOrEqual(101);
  });
});
