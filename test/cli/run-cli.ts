import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
/** By its address, so that the command also runs where there is no `node_modules`. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export interface CliResult {
  /** Null for a process that a signal ended. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `lightseg ARGS` from the sources, as a process of its own. */
export function startCli(
  args: readonly string[],
  cwd = root,
): { child: ChildProcess; ended: Promise<CliResult> } {
  const child = spawn(process.execPath, ["--import", tsx, `${root}src/cli/main.ts`, ...args], { cwd });
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
