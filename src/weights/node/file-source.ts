import { readSync } from "node:fs";
import { LightsegError, messageOf } from "../../errors.ts";
import type { ByteSource } from "../byte-source.ts";

/** The most bytes that the system is asked for at once; it takes no more than 2^31 - 1. */
const MAX_REQUEST = 2 ** 30;

/**
 * An open file as a source. Reads wait for the disk, as decoding holds the thread anyway.
 *
 * `path` names the file in errors.
 *
 * @throws LightsegError from `read`: NOT_FOUND if the system fails to, INVALID_WEIGHTS if the file has become
 *   shorter.
 */
export function fileSource(descriptor: number, size: number, path: string): ByteSource {
  const where = "readWeights";
  const argument = "the file";
  return {
    size,
    read(start, end) {
      const bytes = new Uint8Array(end - start);
      let done = 0;
      while (done < bytes.length) {
        const count = readSome(bytes, done, start + done);
        if (count === 0) {
          const rule = "has become shorter while it was read";
          throw new LightsegError({ code: "INVALID_WEIGHTS", where, file: path, argument, rule });
        }
        done += count;
      }
      return bytes;
    },
  };

  function readSome(bytes: Uint8Array, at: number, position: number): number {
    try {
      return readSync(descriptor, bytes, at, Math.min(bytes.length - at, MAX_REQUEST), position);
    } catch (cause) {
      const rule = `cannot be read: ${messageOf(cause)}`;
      throw new LightsegError({ code: "NOT_FOUND", where, file: path, argument, rule, cause });
    }
  }
}
