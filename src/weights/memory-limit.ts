/** Bytes allowed beyond twice the file, since a small file may expand, e.g. one value for an axis. */
const ALLOWANCE = 2 ** 20;

/**
 * Keeps what is made of a file within twice its size plus 1 MiB, as tensors of float16 need it.
 *
 * Tensors that share their values could otherwise make a small file fill the memory.
 */
export class MemoryLimit {
  /** In bytes. */
  readonly total: number;
  #taken = 0;

  constructor(fileSize: number) {
    this.total = 2 * fileSize + ALLOWANCE;
  }

  /** Counts bytes before they are allocated; false if they are too many. */
  take(bytes: number): boolean {
    this.#taken += bytes;
    return this.#taken <= this.total;
  }
}
