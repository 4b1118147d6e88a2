import { deflateSync } from "node:zlib";

/** Writes MATLAB level 5 files byte by byte, so that the reader is not tested with its own mistakes. */
export class Mat5Builder {
  readonly #little: boolean;

  constructor(byteOrder: "little" | "big" = "little") {
    this.#little = byteOrder === "little";
  }

  file(...elements: Uint8Array[]): Uint8Array {
    const header = new Uint8Array(128).fill(32);
    header.set(new TextEncoder().encode("MATLAB 5.0 MAT-file"));
    header.set(this.#little ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49], 124);
    return join(header, ...elements);
  }

  /** A tag, the data, and zeros up to a multiple of 8 bytes. */
  element(type: number, data: Uint8Array): Uint8Array {
    return join(this.#uint32s(type, data.length), padded(data));
  }

  /** Up to four bytes in the tag itself. */
  small(type: number, data: Uint8Array): Uint8Array {
    const word = new Uint8Array(4);
    word.set(data);
    return join(this.#uint32s((data.length << 16) | type), word);
  }

  compressed(element: Uint8Array): Uint8Array {
    const data = Uint8Array.from(deflateSync(element));
    return join(this.#uint32s(15, data.length), data);
  }

  /** An array of a class: flags, dimensions and name, then its own parts. */
  matrix(arrayClass: number, dims: readonly number[], name: string, ...parts: Uint8Array[]): Uint8Array {
    return this.element(
      14,
      join(
        this.element(6, this.#uint32s(arrayClass, 0)),
        this.element(5, this.#uint32s(...dims)),
        this.element(1, new TextEncoder().encode(name)),
        ...parts,
      ),
    );
  }

  /** `values` in column-major order, class and storage uint8. */
  uint8s(dims: readonly number[], values: ArrayLike<number>, name = ""): Uint8Array {
    return this.matrix(9, dims, name, this.element(2, Uint8Array.from(values)));
  }

  /** Class double, stored as 16-bit integers, as MATLAB does where nothing is lost. */
  doubles(dims: readonly number[], values: readonly number[], name = ""): Uint8Array {
    const data = new DataView(new ArrayBuffer(2 * values.length));
    values.forEach((value, index) => {
      data.setUint16(2 * index, value, this.#little);
    });
    return this.matrix(6, dims, name, this.element(4, new Uint8Array(data.buffer)));
  }

  cells(dims: readonly number[], cells: readonly Uint8Array[], name = ""): Uint8Array {
    return this.matrix(1, dims, name, ...cells);
  }

  /** A struct of one element. */
  struct(fields: Readonly<Record<string, Uint8Array>>, name = ""): Uint8Array {
    const names = new Uint8Array(32 * Object.keys(fields).length);
    Object.keys(fields).forEach((field, index) => {
      names.set(new TextEncoder().encode(field), 32 * index);
    });
    const length = this.small(5, this.#uint32s(32));
    return this.matrix(2, [1, 1], name, length, this.element(1, names), ...Object.values(fields));
  }

  #uint32s(...values: number[]): Uint8Array {
    const data = new DataView(new ArrayBuffer(4 * values.length));
    values.forEach((value, index) => {
      data.setUint32(4 * index, value, this.#little);
    });
    return new Uint8Array(data.buffer);
  }
}

export function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function padded(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(8 * Math.ceil(data.length / 8));
  whole.set(data);
  return whole;
}
