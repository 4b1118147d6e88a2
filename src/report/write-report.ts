import { join } from "node:path";
import { checkPath, invalidArgument } from "../check.ts";
import { writeFileAtomically } from "../node/files.ts";
import { type Run, readRun } from "../runs/read-run.ts";
import { renderComparison } from "./compare.ts";
import { renderReport } from "./report.ts";

/**
 * Writes the page of a run, `report.html` in its folder unless told otherwise.
 *
 * @returns the path of the page, and what was read
 * @throws LightsegError NOT_FOUND or INVALID_RUN for a folder that is no whole run, OUTPUT
 */
export async function writeReport(folder: string, path?: string): Promise<{ path: string; run: Run }> {
  checkPath(folder, "writeReport", "folder", "must be the path of a folder");
  const file = path ?? join(folder, "report.html");
  const run = await readRun(folder);
  await writeFileAtomically(file, renderReport(run));
  return { path: file, run };
}

/** Writes the page that compares runs. @throws as `writeReport` does */
export async function writeComparison(folders: readonly string[], path: string): Promise<Run[]> {
  if (!Array.isArray(folders))
    throw invalidArgument("writeComparison", "folders", "must be an array", folders);
  checkPath(path, "writeComparison", "path");
  const runs = await Promise.all(folders.map((folder) => readRun(folder)));
  await writeFileAtomically(path, renderComparison(runs));
  return runs;
}
