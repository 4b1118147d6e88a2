import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { LightsegError, systemCodeOf } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { outputError, writeFileAtomically } from "../node/files.ts";

/** The marks of this process. A restarted container may give its process the same number. */
const held = new Set<string>();

/**
 * Marks a run as being trained by this process, so that no second one writes into its log and checkpoints.
 *
 * The lock is a file that names machine and process. It counts while that process runs. A lock left by `kill
 * -9` or a power cut is taken over, and so is one of another machine, which cannot be asked, or, on Linux,
 * one from before this machine was started.
 *
 * @param folder of the run; must be there
 * @returns takes the mark away again when it is disposed of
 * @throws LightsegError OUTPUT if another process trains this run, or the folder cannot be written
 */
export async function lockRun(folder: string): Promise<AsyncDisposable> {
  const path = markOf(folder);
  const boot = await bootId();
  const own = JSON.stringify({ host: hostname(), process: process.pid, boot });
  try {
    await writeFile(path, own, { flag: "wx" });
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw outputError(path, error);
    const owner = await readOwner(path, boot);
    if (typeof owner === "number" && isAtWork(owner, path)) throw isTrained(folder, owner);
    await writeFileAtomically(path, own);
  }
  held.add(path);
  return {
    async [Symbol.asyncDispose]() {
      held.delete(path);
      await rm(path, { force: true });
    },
  };
}

/**
 * Where a run is being trained: on this machine, or perhaps on another, which cannot be asked; undefined
 * where it is not.
 */
export async function findTrainer(folder: string): Promise<"here" | "elsewhere" | undefined> {
  const path = markOf(folder);
  const owner = await readOwner(path, await bootId());
  if (typeof owner === "number") return isAtWork(owner, path) ? "here" : undefined;
  return owner;
}

function markOf(folder: string): string {
  return join(folder, "training.lock");
}

/** The process of this machine that a mark names, or that it is of another; undefined if it names none. */
async function readOwner(path: string, boot: string | undefined): Promise<number | "elsewhere" | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path, "utf8"));
    if (!isRecord(owner)) return undefined;
    if (owner.host !== hostname()) return typeof owner.host === "string" ? "elsewhere" : undefined;
    if (owner.boot !== undefined && owner.boot !== boot) return undefined;
    return typeof owner.process === "number" ? owner.process : undefined;
  } catch {
    // Taken away in the meantime, or half written.
    return undefined;
  }
}

/** Linux's boot id, new at every start of the machine; undefined on other systems. */
function bootId(): Promise<string | undefined> {
  return readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** Whether the process that holds a mark of this machine is still there. */
function isAtWork(id: number, path: string): boolean {
  if (id === process.pid) return held.has(path);
  try {
    // Signal 0 only tests whether the process exists.
    process.kill(id, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}

function isTrained(folder: string, owner: number): LightsegError {
  return new LightsegError({
    code: "OUTPUT",
    where: "train",
    file: folder,
    argument: "run",
    rule: `is being trained by process ${owner}`,
    hint: "stop that one first, or take another folder; remove its training.lock if it is another program",
  });
}
