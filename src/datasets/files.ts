import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Whether there is a file, folder or link of this name. Reading a link to nothing fails. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** The first of some paths that is there, else the first: its absence is then reported. */
export async function firstPresent(paths: readonly [string, ...string[]]): Promise<string> {
  for (const path of paths) if (await isThere(path)) return path;
  return paths[0];
}

/**
 * The path of a file or folder as its name is spelled on the disk, where that differs in Unicode form only.
 *
 * macOS takes names apart (`u` and two dots), other systems keep them composed (`ü`).
 *
 * @returns the path itself where nothing is there
 */
export async function spelledOnDisk(path: string): Promise<string> {
  if (await isThere(path)) return path;
  const folder = dirname(path);
  const name = basename(path).normalize("NFC");
  const names = await readdir(folder).catch(() => []);
  const found = names.find((other) => other.normalize("NFC") === name);
  return found === undefined ? path : join(folder, found);
}
