import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileSources } from "../support/compile-sources.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url));
/** The command line, compiled from the sources as they are. */
export const cli = join(compileSources(), "cli/main.js");

export interface CliResult {
  /** Null for a process that a signal ended. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `lightseg ARGS` from the sources, as a process of its own; `env` adds to its environment. */
export function startCli(
  args: readonly string[],
  cwd = root,
  env: Readonly<Record<string, string>> = {},
): { child: ChildProcess; ended: Promise<CliResult> } {
  const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

export function runCli(args: readonly string[], cwd?: string): Promise<CliResult> {
  return startCli(args, cwd).ended;
}

/** Runs with `--json`; fails unless standard output is one JSON object. */
export async function runJson(args: readonly string[]): Promise<CliResult & { json: unknown }> {
  const result = await runCli([...args, "--json"]);
  const json: unknown = JSON.parse(result.stdout);
  return { ...result, json };
}
