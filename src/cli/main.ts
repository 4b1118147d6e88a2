#!/usr/bin/env node
import { LightsegError } from "../errors.ts";
import { readVersion } from "../node/version.ts";
import { type Command, parseArguments, usageError } from "./arguments.ts";
import { renderHelp } from "./help.ts";
import { describeError, log, logError } from "./output.ts";

/** Loaded when asked for, so that `--help` does not wait for the engine. */
const verbs: Readonly<Record<string, { summary: string; load: (word?: string) => Promise<Command> }>> = {
  segment: {
    summary: "find the class of every pixel of photos",
    load: async () => (await import("./segment.ts")).segment,
  },
  batch: {
    summary: "segment very many photos, also on several machines",
    load: async (word) => (await import("./batch.ts")).findBatchVerb(word),
  },
  train: {
    summary: "train a network on a data set, or go on with a run",
    load: async () => (await import("./train.ts")).train,
  },
  report: {
    summary: "write a page about a run, or one that compares several",
    load: async () => (await import("./report.ts")).report,
  },
  evaluate: {
    summary: "measure a model on a data set",
    load: async () => (await import("./evaluate.ts")).evaluate,
  },
  data: {
    summary: "check a data set before training",
    load: async () => (await import("./data.ts")).dataCommand,
  },
  export: {
    summary: "write a model as ONNX, checked against the model",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  quantize: {
    summary: "write a model in whole numbers of 8 bits",
    load: async () => (await import("./quantize.ts")).quantize,
  },
  benchmark: {
    summary: "time networks by the paper's protocol",
    load: async () => (await import("./benchmark.ts")).benchmark,
  },
  info: {
    summary: "list models; show parameters and arithmetic of one",
    load: async () => (await import("./info.ts")).info,
  },
  convert: {
    summary: "write weights in another format or precision",
    load: async () => (await import("./convert.ts")).convert,
  },
};

const mainHelp = `Real-time semantic segmentation: Light-Weight RefineNet, trained and run on ONNX Runtime.

Usage: lightseg VERB [options]

Verbs:
${Object.entries(verbs)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join("\n")}
  help      show this help, or with a verb the help of that verb

Options:
  --help     show this help; after a verb, the help of that verb
  --version  print the version

Exit codes: 0 done, 1 failed, 2 typed wrongly, 130 stopped by Ctrl-C, 143 by SIGTERM.
With LIGHTSEG_DEBUG set, errors come with a stack trace.`;

async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
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
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
    if (!verb) throw usageError("", "verb", `must be one of ${Object.keys(verbs).join(", ")}`, name);
    const command = await verb.load(argv[0]);
    // `batch run` is a verb of two words.
    const rest = command.name === name ? argv : argv.slice(1);
    if (argv.includes("--help") || argv.includes("-h")) return print(renderHelp(command));
    const outcome = await command.run(parseArguments(command, rest), json ? () => undefined : print);
    if (json) print(JSON.stringify(outcome.json));
    return outcome.exitCode ?? 0;
  } catch (error) {
    const { code, message } = describeError(error);
    logError(Object.hasOwn(verbs, name) ? name : "", message);
    if (process.env.LIGHTSEG_DEBUG && error instanceof Error) log(error.stack ?? "");
    if (json) print(JSON.stringify({ error: { code, message } }));
    return error instanceof LightsegError && code === "INVALID_ARGUMENT" ? 2 : 1;
  }
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as `head`, is no failure; the work goes on to its end.
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    if (stream === process.stdout) logError("", `standard output cannot be written: ${error.message}`);
  });
}
// Set rather than exited with: an engine that is still at work must be left to finish.
const exitCode = await main(process.argv.slice(2));
process.exitCode ||= exitCode;
