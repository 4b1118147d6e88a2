import { LightsegError } from "../errors.ts";
import { type Address, parseAddress } from "./address.ts";
import type { Storage } from "./storage.ts";

/**
 * Opens the folder or the prefix that an address names.
 *
 * @throws LightsegError INVALID_ARGUMENT for an http address, which cannot be listed or written; DEPENDENCY
 */
export async function openStorage(address: Address): Promise<Storage> {
  if (address.kind === "folder") return new (await import("./folder-storage.ts")).FolderStorage(address.path);
  if (address.kind === "s3") {
    const { openS3 } = await import("./s3-storage.ts");
    return (await openS3()).storage(address.bucket, address.key);
  }
  const rule = "must be a folder or s3://BUCKET/PREFIX";
  throw new LightsegError({ code: "INVALID_ARGUMENT", where: "openStorage", argument: "address", rule });
}

/**
 * Reads the file that an address names, wherever it lies.
 *
 * @param signal ends the tries of a web server that is busy
 * @throws LightsegError NOT_FOUND, INVALID_IMAGE, STORAGE; the signal's reason
 */
export async function readAddress(text: string, signal?: AbortSignal): Promise<Uint8Array> {
  const address = parseAddress(text);
  if (address.kind === "folder") return (await import("./folder-storage.ts")).readLocalFile(address.path);
  if (address.kind === "http") return (await import("./http.ts")).readHttp(address.url, signal);
  return (await (await import("./s3-storage.ts")).openS3()).read(address.bucket, address.key);
}
