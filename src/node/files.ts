import { randomUUID } from "node:crypto";
import { constants, readlinkSync } from "node:fs";
import { access, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { invalidArgument } from "../check.ts";
import { LightsegError, messageOf, systemCodeOf } from "../errors.ts";

/** What begins so is no path. A path may hold a colon. */
const ADDRESS = /^([a-z][a-z\d+.-]*:\/\/|(data|blob):)/i;

/**
 * The path of a file that is named by its path or by a file URL, such as `new URL("a.jpg", import.meta.url)`.
 *
 * @param where the function that was called, for errors
 * @param hint what else that takes
 * @throws LightsegError INVALID_ARGUMENT for anything else, such as an address of the web
 */
export function pathOf(source: string | URL, where: string, argument: string, hint?: string): string {
  const text = typeof source === "string" || source instanceof URL ? String(source) : "";
  try {
    if (/^file:\/\//i.test(text)) return fileURLToPath(text);
  } catch {
    // A host, or an encoded slash: told below.
  }
  if (text !== "" && !ADDRESS.test(text)) return text;
  throw invalidArgument(where, argument, "must be a path or a file URL", text || source, hint);
}

/** What the system's error codes mean for someone who wants to write a file. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  EEXIST: "a file of that name is there",
  ENOTDIR: "its folder is a file",
  EISDIR: "it is a folder",
  EACCES: "there is no permission to write there",
  EPERM: "there is no permission to write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "it is a link that leads back to itself",
  EFBIG: "the file would be larger than the system allows",
};

/**
 * Writes a file so that its path holds either what it held before or all of the new bytes, never a part.
 *
 * The bytes, or a text as UTF-8, go to a temporary file in the same folder, or where `temporary` says. That
 * file is then renamed; it is removed on failure.
 *
 * @param check looks at the temporary file before it is renamed; when it throws, nothing is written
 * @throws LightsegError OUTPUT if the file cannot be written, and what `check` throws
 */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | string,
  {
    check,
    temporary = temporaryPath(path),
  }: { check?: (temporary: string) => Promise<void>; temporary?: string } = {},
): Promise<void> {
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      // A rename may reach the disk before the bytes do; after a power cut the file would be empty.
      await file.sync();
    } finally {
      await file.close();
    }
    await check?.(temporary);
    await replaceFile(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cause instanceof LightsegError ? cause : outputError(path, cause);
  }
}

/**
 * Renames a file over another. Windows refuses that while a virus scanner or an indexer has one of them open,
 * which is a matter of moments.
 */
export async function replaceFile(from: string, to: string): Promise<void> {
  for (let waited = 0; ; waited += RETRY_MS) {
    try {
      return await rename(from, to);
    } catch (error) {
      const isBusy = ["EPERM", "EACCES", "EBUSY"].includes(systemCodeOf(error));
      if (process.platform !== "win32" || !isBusy || waited >= MOST_WAITED_MS) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}

const RETRY_MS = 50;
const MOST_WAITED_MS = 2000;

/**
 * A name in the same folder, to write to until all is there; a rename then takes no time, and hidden files
 * hardly disturb.
 */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

/**
 * Removes the temporary files that a killed process left in a folder.
 *
 * Only for a folder that no other process writes to: nothing tells a file that is being written from one
 * left behind.
 */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder);
  const left = names.filter((name) => /^\..+\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/.test(name));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
}

/** The error for a file or folder that cannot be written. */
export function outputError(path: string, cause: unknown, argument = "the file"): LightsegError {
  const reason = reasons[systemCodeOf(cause)] ?? messageOf(cause);
  return new LightsegError({
    code: "OUTPUT",
    where: "writeFile",
    file: path,
    argument,
    rule: `cannot be written: ${reason}`,
    cause,
  });
}

/**
 * Makes a folder and those above it that are missing; one that is there is fine.
 *
 * Not by `mkdir`'s own option `recursive`, which never returns for a folder that the system refuses with
 * ENOENT, as below /proc.
 *
 * @throws LightsegError OUTPUT if that is not possible
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    if (systemCodeOf(cause) === "EEXIST" && (await isFolder(path))) return;
    if (systemCodeOf(cause) !== "ENOENT") throw outputError(path, cause, "the folder");
    await makeFolder(dirname(path));
    await mkdir(path).catch(async (again: unknown) => {
      // Somebody else may have made it meanwhile.
      if (systemCodeOf(again) === "EEXIST" && (await isFolder(path))) return;
      throw outputError(path, again, "the folder");
    });
  }
}

/**
 * Fails before long work whose result could not be written then.
 *
 * @throws LightsegError OUTPUT if the folder of a file is not there, or cannot be written to
 */
export async function checkFolderOf(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK);
    if (!(await isFolder(folder))) throw Object.assign(new Error("no folder"), { code: "ENOTDIR" });
    if (await isFolder(path)) throw Object.assign(new Error("a folder"), { code: "EISDIR" });
  } catch (cause) {
    throw outputError(path, cause);
  }
}

/**
 * Fails before long work whose results could not be written then, and makes nothing.
 *
 * @throws LightsegError OUTPUT if a folder cannot be written to, or is not there and cannot be made
 */
export async function checkFolder(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK);
    if (!(await isFolder(path))) throw Object.assign(new Error("a file"), { code: "EEXIST" });
  } catch (cause) {
    if (systemCodeOf(cause) !== "ENOENT") throw outputError(path, cause, "the folder");
    await checkFolder(dirname(path));
  }
}

/** Whether a path is a folder; false for a dangling link. */
function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** What the system's error codes mean for someone who wants to read a file. */
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist: a file is where its folder should be",
  EACCES: "cannot be read: there is no permission to",
  EPERM: "cannot be read: there is no permission to",
  ELOOP: "cannot be read: it is a link that leads back to itself",
  ENAMETOOLONG: "cannot be read: its name is too long",
};

/** The rule of an error for a file that cannot be read. A link to nothing is told from nothing. */
export function unreadableRule(path: string, cause: unknown): string {
  const target = systemCodeOf(cause) === "ENOENT" ? readLink(path) : undefined;
  if (target !== undefined) return `does not exist: it is a link to ${target}, where there is nothing`;
  return unreadable[systemCodeOf(cause)] ?? `cannot be read: ${messageOf(cause)}`;
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
