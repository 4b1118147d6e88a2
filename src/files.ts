import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LightsegError, messageOf } from "./errors.ts";

/** What the system's error codes mean for someone who wants to write a file. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is a file",
  EISDIR: "it is a folder",
  EACCES: "there is no permission to write there",
  EPERM: "there is no permission to write there",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/**
 * Writes a file so that its path holds either what it held before or all of the new bytes, never a part.
 *
 * The bytes go to a temporary file in the same folder, which is then renamed; it is removed on failure.
 *
 * @throws LightsegError OUTPUT if the file cannot be written
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      // A rename may reach the disk before the bytes do; after a power cut the file would be empty.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw outputError(path, cause);
  }
}

/** The error for a file or folder that cannot be written. */
export function outputError(path: string, cause: unknown): LightsegError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = reasons[code] ?? messageOf(cause);
  return new LightsegError({
    code: "OUTPUT",
    where: "write",
    argument: path,
    rule: `cannot be written: ${reason}`,
    cause,
  });
}
