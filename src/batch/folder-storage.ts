import { randomUUID } from "node:crypto";
import { readdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LightsegError, messageOf, systemCodeOf } from "../errors.ts";
import { makeFolder, unreadableRule, writeFileAtomically } from "../node/files.ts";
import { checkFileBytes, type Storage, StorageError, type StoredFile } from "./storage.ts";

/**
 * Where files lie until they are whole: apart from the results, so that a killed writer leaves nothing
 * between them.
 */
const UNFINISHED = ".unfinished";

/** A folder as a storage. The first file makes the folder. */
export class FolderStorage implements Storage {
  readonly #folder: string;
  readonly #made = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  read(key: string): Promise<Uint8Array> {
    return readLocalFile(join(this.#folder, key));
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#write(key, bytes);
    } catch (error) {
      if (!(error instanceof LightsegError) || systemCodeOf(error.cause) !== "ENOENT") throw error;
      // Another worker may have finished the batch and cleared away the folder of unfinished files.
      this.#made.clear();
      await this.#write(key, bytes);
    }
  }

  async *list(folder: string): AsyncGenerator<StoredFile> {
    yield* walk(join(this.#folder, folder), folder, new Set());
  }

  async clean(): Promise<void> {
    this.#made.clear();
    await rm(join(this.#folder, UNFINISHED), { recursive: true, force: true });
  }

  async #write(key: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, key);
    const unfinished = join(this.#folder, UNFINISHED);
    await this.#make(dirname(path));
    await this.#make(unfinished);
    await writeFileAtomically(path, bytes, { temporary: join(unfinished, randomUUID()) });
  }

  async #make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    await makeFolder(folder);
    this.#made.add(folder);
  }
}

/** In order of names, links to folders included; hidden files and folders are passed over. */
async function* walk(folder: string, prefix: string, above: ReadonlySet<string>): AsyncGenerator<StoredFile> {
  const own = await realpath(folder).catch(() => undefined);
  // A link to a folder above would never end.
  if (own === undefined || above.has(own)) return;
  const inside = new Set([...above, own]);
  const names = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unlistable(folder, cause);
  });
  for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    const key = `${prefix}${entry.name}`;
    const isFolder = entry.isSymbolicLink()
      ? ((await stat(path).catch(() => undefined))?.isDirectory() ?? false)
      : entry.isDirectory();
    if (isFolder) yield* walk(path, `${key}/`, inside);
    else yield { key, address: { kind: "folder", path } };
  }
}

/** @throws LightsegError NOT_FOUND, or INVALID_IMAGE for what is no regular file or too large */
export async function readLocalFile(path: string): Promise<Uint8Array> {
  try {
    const status = await stat(path);
    // A read from a pipe or a device might never end.
    if (!status.isFile()) throw irregular(path);
    checkFileBytes(status.size, path);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    const code = ["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause)) ? "NOT_FOUND" : "INVALID_IMAGE";
    const rule = unreadableRule(path, cause);
    const where = "readLocalFile";
    throw new LightsegError({ code, where, file: path, argument: "the file", rule, cause });
  }
}

function irregular(file: string): LightsegError {
  const rule = "cannot be read: it is not a regular file";
  const where = "readLocalFile";
  return new LightsegError({ code: "INVALID_IMAGE", where, file, argument: "the file", rule });
}

function unlistable(file: string, cause: unknown): StorageError {
  const rule = `cannot be listed: ${messageOf(cause)}`;
  return new StorageError({ where: "openStorage", file, argument: "the folder", rule, transient: false });
}
