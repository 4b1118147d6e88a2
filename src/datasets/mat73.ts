import { open } from "node:fs/promises";
import { LightsegError } from "../errors.ts";

/** An array of integers of a MATLAB 7.3 file. */
export interface Mat73Array {
  /** MATLAB's dimensions in reverse, as its arrays are column-major and those of HDF5 row-major. */
  readonly shape: readonly number[];
  /** Reads item `index`, 0..shape[0]-1: all numbers with that place on the first axis. */
  readItem(index: number): Uint8Array | Uint16Array;
}

const HDF5_SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** MATLAB puts a header of its own before HDF5's. */
const MATLAB_HEADER_LENGTH = 512;

/**
 * Opens a MATLAB 7.3 file (`save -v7.3`, which is HDF5) while `read` runs; the file may be larger than
 * memory.
 *
 * @param read gets a function that finds an array by name
 * @returns what `read` returns
 * @throws LightsegError INVALID_DATASET when it is no HDF5 file, is damaged, or when an array that is asked
 *   for is not there or not of unsigned integers of 8 or 16 bits; what `read` throws
 */
export async function readMat73<T>(
  file: string,
  read: (arrayOf: (name: string) => Mat73Array) => T,
): Promise<T> {
  await requireHdf5(file);
  // Imported on demand: the library takes a second to load.
  const { default: h5wasm } = await import("h5wasm/node");
  // Errors are thrown instead of printed.
  (await h5wasm.ready).activate_throwing_error_handler();
  let hdf5: InstanceType<typeof h5wasm.File> | undefined;
  try {
    hdf5 = new h5wasm.File(file, "r");
    const root = hdf5;
    return read((name) => {
      const array = root.get(name);
      if (!(array instanceof h5wasm.Dataset) || array.shape === null)
        throw invalid(file, `must hold the array ${name}`);
      const { shape } = array;
      return {
        shape,
        readItem(index) {
          const item = array.slice([[index, index + 1], ...shape.slice(1).map((): [] => [])]);
          if (item instanceof Uint8Array || item instanceof Uint16Array) return item;
          throw invalid(file, `must hold unsigned integers of 8 or 16 bits in ${name}`, array.dtype);
        },
      };
    });
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    // The library's message, a trace of a dozen lines, stays the cause.
    throw invalid(file, "must be an undamaged HDF5 file", undefined, cause);
  } finally {
    hdf5?.close();
  }
}

async function requireHdf5(file: string): Promise<void> {
  const handle = await open(file).catch((cause: unknown) => {
    const rule = "must be readable";
    throw new LightsegError({ code: "NOT_FOUND", where: "readMat73", file, argument: "file", rule, cause });
  });
  try {
    const start = new Uint8Array(MATLAB_HEADER_LENGTH + HDF5_SIGNATURE.length);
    await handle.read(start, 0, start.length);
    const isAt = (at: number) => HDF5_SIGNATURE.every((byte, index) => start[at + index] === byte);
    if (!isAt(0) && !isAt(MATLAB_HEADER_LENGTH))
      throw invalid(file, "must be a MATLAB file of version 7.3, which is HDF5", "another kind of file");
  } finally {
    await handle.close();
  }
}

function invalid(file: string, rule: string, value?: unknown, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "readMat73",
    file,
    argument: "content",
    rule,
    value,
    cause,
  });
}
