/** Writes pickles operation by operation, for checkpoints and attacks that Python would not write. */
export class PickleWriter {
  private readonly bytes: number[] = [];

  raw(...bytes: number[]): this {
    this.bytes.push(...bytes);
    return this;
  }

  proto(version = 2): this {
    return this.raw(0x80, version);
  }

  mark(): this {
    return this.raw(0x28);
  }

  text(value: string): this {
    const utf8 = Buffer.from(value);
    return this.raw(0x58, ...uint32(utf8.length), ...utf8);
  }

  /** A str of Python 2: bytes, here of ASCII. */
  shortBytes(value: string): this {
    return this.raw(0x55, value.length, ...Buffer.from(value, "latin1"));
  }

  /** An int of any size, as `LONG1`: the fewest bytes whose highest bit is the sign. */
  long(value: bigint): this {
    const bytes: number[] = [];
    let size = 8;
    while (BigInt.asIntN(size, value) !== value) size += 8;
    for (let shift = 0; shift < size; shift += 8) bytes.push(Number((value >> BigInt(shift)) & 0xffn));
    return this.raw(0x8a, bytes.length, ...bytes);
  }

  int(value: number): this {
    return this.raw(0x4a, ...uint32(value));
  }

  float(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return this.raw(0x47, ...bytes);
  }

  none(): this {
    return this.raw(0x4e);
  }

  global(module: string, name: string): this {
    return this.raw(0x63, ...Buffer.from(`${module}\n${name}\n`));
  }

  stackGlobal(module: string, name: string): this {
    return this.text(module).text(name).raw(0x93);
  }

  emptyTuple(): this {
    return this.raw(0x29);
  }

  emptyList(): this {
    return this.raw(0x5d);
  }

  emptyDict(): this {
    return this.raw(0x7d);
  }

  /** Closes a tuple opened with `mark`. */
  tuple(): this {
    return this.raw(0x74);
  }

  /** The last value in a tuple of one. */
  tuple1(): this {
    return this.raw(0x85);
  }

  appends(): this {
    return this.raw(0x65);
  }

  setItems(): this {
    return this.raw(0x75);
  }

  put(key: number): this {
    return this.raw(0x72, ...uint32(key));
  }

  get(key: number): this {
    return this.raw(0x6a, ...uint32(key));
  }

  reduce(): this {
    return this.raw(0x52);
  }

  build(): this {
    return this.raw(0x62);
  }

  persistentId(): this {
    return this.raw(0x51);
  }

  ints(values: readonly number[]): this {
    this.mark();
    for (const value of values) this.int(value);
    return this.tuple();
  }

  stop(): Uint8Array {
    return Uint8Array.from([...this.bytes, 0x2e]);
  }
}

function uint32(value: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return [...bytes];
}
