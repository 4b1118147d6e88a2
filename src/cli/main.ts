#!/usr/bin/env node
import { LightsegError } from "../errors.ts";
import { readVersion } from "../node/version.ts";
import { type Command, parseArguments, unknownVerb } from "./arguments.ts";
import { helpWidth, renderHelp, renderMainHelp } from "./help.ts";
import { describeError, log, logError } from "./output.ts";
import { summaries } from "./summaries.ts";

/** Loads a verb when it is called, so that the main help does not wait for the engine. */
const verbs: Readonly<Record<keyof typeof summaries, (word?: string) => Promise<Command>>> = {
  segment: async () => (await import("./segment.ts")).segment,
  batch: async (word) => (await import("./batch.ts")).findBatchVerb(word),
  train: async () => (await import("./train.ts")).train,
  report: async () => (await import("./report.ts")).report,
  evaluate: async () => (await import("./evaluate.ts")).evaluate,
  compare: async () => (await import("./compare.ts")).compare,
  data: async () => (await import("./data.ts")).dataCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  quantize: async () => (await import("./quantize.ts")).quantize,
  benchmark: async () => (await import("./benchmark.ts")).benchmark,
  info: async () => (await import("./info.ts")).info,
  "receptive-field": async () => (await import("./receptive-field.ts")).receptiveField,
  probe: async () => (await import("./probe.ts")).probe,
  paper: async () => (await import("./paper.ts")).paper,
  convert: async () => (await import("./convert.ts")).convert,
};

async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  const mainHelp = renderMainHelp(Object.entries(summaries), helpWidth());
  if (first === undefined) {
    log(mainHelp);
    return 2;
  }
  const asksForHelp = first === "--help" || first === "-h" || first === "help";
  if (asksForHelp && rest[0] === undefined) return print(mainHelp);
  if (first === "--version") return print(await readVersion());
  return runVerb(asksForHelp ? [...rest, "--help"] : argv);
}

async function runVerb([name = "", ...argv]: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  try {
    if (!isVerb(name)) throw unknownVerb("", name, Object.keys(verbs));
    const command = await verbs[name](argv[0]);
    // `batch run` is a verb of two words.
    const rest = command.name === name ? argv : argv.slice(1);
    if (argv.includes("--help") || argv.includes("-h")) return print(renderHelp(command, helpWidth()));
    const outcome = await command.run(parseArguments(command, rest), json ? () => undefined : print);
    if (json) print(JSON.stringify(outcome.json));
    return outcome.exitCode ?? 0;
  } catch (error) {
    const { code, message } = describeError(error);
    logError(isVerb(name) ? name : "", message);
    if (process.env.LIGHTSEG_DEBUG && error instanceof Error) log(error.stack ?? "");
    if (json) print(JSON.stringify({ error: { code, message } }));
    return error instanceof LightsegError && code === "INVALID_ARGUMENT" ? 2 : 1;
  }
}

function isVerb(name: string): name is keyof typeof verbs {
  return Object.hasOwn(verbs, name);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `head` closes the pipe early, which is no failure; the work goes on to its end.
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    if (stream === process.stdout) logError("", `standard output cannot be written: ${error.message}`);
  });
}
// Set rather than exited with: an engine that is still at work must be left to finish.
const exitCode = await main(process.argv.slice(2));
process.exitCode ||= exitCode;
