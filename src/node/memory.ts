import { freemem, totalmem } from "node:os";

/** Memory of this machine, or of the container that the process runs in where that is less, in bytes. */
export function totalMemory(): number {
  return Math.min(process.constrainedMemory?.() || totalmem(), totalmem());
}

/**
 * What of it a process may take, in bytes.
 *
 * macOS counts its caches as used and says that hardly anything is free, so all of it is taken for free
 * there.
 */
export function freeMemory(): number {
  return process.platform === "darwin" ? totalMemory() : Math.min(freemem(), totalMemory());
}
