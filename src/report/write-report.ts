import { join } from "node:path";
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
export async function writeReport(
  folder: string,
  path = join(folder, "report.html"),
): Promise<{ path: string; run: Run }> {
  const run = await readRun(folder);
  await writeFileAtomically(path, renderReport(run));
  return { path, run };
}

/** Writes the page that compares runs. @throws as `writeReport` does */
export async function writeComparison(folders: readonly string[], path: string): Promise<Run[]> {
  const runs = await Promise.all(folders.map((folder) => readRun(folder)));
  await writeFileAtomically(path, renderComparison(runs));
  return runs;
}
