import { LightsegError } from "../errors.ts";
import type { Address } from "./address.ts";

/** One file of a storage. */
export interface StoredFile {
  /** Relative to the storage, with `/` between folders. */
  readonly key: string;
  /** The whole address. */
  readonly address: Address;
}

/** A folder, or a prefix of a bucket. Keys are relative to it. */
export interface Storage {
  /** @throws LightsegError NOT_FOUND for a key that is not there; STORAGE */
  read(key: string): Promise<Uint8Array>;
  /**
   * Puts all of the bytes in place, or nothing; what the key held before is replaced.
   *
   * @throws LightsegError OUTPUT for a folder that cannot be written; STORAGE
   */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * The files whose keys start with a folder such as `results/`, in no certain order; none where there is no
   * such folder.
   *
   * @throws LightsegError STORAGE
   */
  list(folder: string): AsyncIterable<StoredFile>;
  /** Removes what writers that were killed have left behind. */
  clean(): Promise<void>;
}

/** A storage that cannot be reached, or that refuses. */
export class StorageError extends LightsegError {
  /** Whether it may be well again in a while. */
  readonly transient: boolean;

  /** Takes no cause, which others might print: a request holds its headers, and they the credentials. */
  constructor({ transient, ...details }: StorageErrorDetails) {
    super({ code: "STORAGE", ...details });
    this.transient = transient;
  }
}

interface StorageErrorDetails {
  readonly where: string;
  /** The address of the bucket or the object. */
  readonly file: string;
  readonly argument: string;
  readonly rule: string;
  readonly hint?: string;
  readonly transient: boolean;
}

/** A photo or a list of more bytes than this is refused: 256 MB. */
export const MAX_FILE_BYTES = 256_000_000;

/** @throws LightsegError INVALID_IMAGE for a file of more than `MAX_FILE_BYTES` */
export function checkFileBytes(bytes: number, file: string): void {
  if (bytes <= MAX_FILE_BYTES) return;
  const rule = `must have at most ${MAX_FILE_BYTES} bytes`;
  throw new LightsegError({
    code: "INVALID_IMAGE",
    where: "checkFileBytes",
    file,
    argument: "the file",
    rule,
    value: bytes,
  });
}
