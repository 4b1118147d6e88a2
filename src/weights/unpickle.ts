import type { ByteReader } from "./byte-reader.ts";

/** A Python function or class that a pickle may name, with what stands for it here. */
export class Importable {
  readonly name: string;
  /** Stands for calling it; left out where it may only be named. */
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** What the names in a pickle mean; both throw for a name that is not known. */
export interface PickleNames {
  /** A function or class by its Python module and name. */
  resolve(module: string, name: string): Importable;
  /** An object that the pickle refers to but that is stored elsewhere. */
  persistentLoad(id: unknown): unknown;
}

/**
 * More than any checkpoint needs (about fifty operations and one dict per tensor, the optimizer's included),
 * and few enough for a second's work and for memory: a dict takes 200 bytes, anything else 50.
 */
const MAX_OPERATIONS = 1_000_000;
const MAX_DICTS = 100_000;

const EMPTY_TUPLE: readonly unknown[] = Object.freeze([]);

const STOP = 0x2e;

/** Operations that push one value, which follows the opcode. */
const VALUE_READERS = new Map<number, (reader: ByteReader) => unknown>([
  [0x4e /* NONE */, () => null],
  [0x88 /* NEWTRUE */, () => true],
  [0x89 /* NEWFALSE */, () => false],
  [0x4b /* BININT1 */, (reader) => reader.u8()],
  [0x4d /* BININT2 */, (reader) => reader.u16()],
  [0x4a /* BININT */, (reader) => reader.i32()],
  [0x8a /* LONG1 */, (reader) => toInteger(reader.take(reader.u8()))],
  [0x47 /* BINFLOAT */, (reader) => reader.f64BigEndian()],
  [0x8c /* SHORT_BINUNICODE */, (reader) => reader.text(reader.u8())],
  [0x58 /* BINUNICODE */, (reader) => reader.text(reader.u32())],
  [0x8d /* BINUNICODE8 */, (reader) => reader.text(reader.u64())],
  [0x55 /* SHORT_BINSTRING */, (reader) => reader.latin1(reader.u8())],
  [0x54 /* BINSTRING */, (reader) => reader.latin1(reader.u32())],
  [0x43 /* SHORT_BINBYTES */, (reader) => reader.take(reader.u8())],
  [0x42 /* BINBYTES */, (reader) => reader.take(reader.u32())],
  [0x8e /* BINBYTES8 */, (reader) => reader.take(reader.u64())],
  [0x96 /* BYTEARRAY8 */, (reader) => reader.take(reader.u64())],
  [0x29 /* EMPTY_TUPLE */, () => EMPTY_TUPLE],
  [0x5d /* EMPTY_LIST */, () => []],
  [0x7d /* EMPTY_DICT */, () => new Map()],
]);

/**
 * Reads one pickle from the reader, which is left behind it, without running any code that it names.
 *
 * Understands what `torch.save` writes with protocols 2 to 5, in Python 2 as well, whose byte strings are
 * taken for Latin-1. None becomes null, an int a number (a bigint beyond 2^53), str a string, bytes a
 * Uint8Array, list an array, tuple a frozen array, dict a Map; anything else is made by `names`. Attributes
 * set on an object after its making are dropped, e.g. the `_metadata` of a state dict. Reference:
 * https://github.com/python/cpython/blob/main/Lib/pickletools.py
 *
 * @throws LightsegError INVALID_WEIGHTS for any other operation, or a pickle that is damaged.
 */
export function unpickle(reader: ByteReader, names: PickleNames): unknown {
  return new Unpickler(reader, names).run();
}

class Unpickler {
  readonly #stack: unknown[] = [];
  /** Heights of the stack where an open tuple, list or dict began. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #dictCount = 0;

  readonly #reader: ByteReader;
  readonly #names: PickleNames;

  constructor(reader: ByteReader, names: PickleNames) {
    this.#reader = reader;
    this.#names = names;
  }

  run(): unknown {
    for (let count = 0; count < MAX_OPERATIONS; count++) {
      const opcode = this.#reader.u8();
      const readValue = VALUE_READERS.get(opcode);
      if (readValue) this.#pushNew(readValue(this.#reader));
      else if (opcode === STOP) return this.#pop();
      else this.#combine(opcode);
    }
    return this.#reader.fail(`takes more than ${MAX_OPERATIONS} operations`);
  }

  /** Runs an operation on the stack or the memo. */
  #combine(opcode: number): void {
    const reader = this.#reader;
    const stack = this.#stack;
    const memo = this.#memo;
    switch (opcode) {
      case 0x80: // PROTO
        reader.skip(1);
        break;
      case 0x95: // FRAME: only a hint how much to buffer
        reader.skip(8);
        break;
      case 0x28: // MARK
        this.#marks.push(stack.length);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(Object.freeze(this.#popMany(opcode - 0x84)));
        break;
      case 0x74: // TUPLE
        stack.push(Object.freeze(this.#popToMark()));
        break;
      case 0x61: // APPEND
        this.#append(this.#popMany(1));
        break;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        break;
      case 0x71: // BINPUT
        memo.set(reader.u8(), this.#top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(reader.u32(), this.#top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, this.#top());
        break;
      case 0x68: // BINGET
        stack.push(this.#recall(reader.u8()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(this.#recall(reader.u32()));
        break;
      case 0x63: // GLOBAL
        stack.push(this.#names.resolve(reader.line(), reader.line()));
        break;
      case 0x93: // STACK_GLOBAL
        this.#importFromStack();
        break;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ: makes an object of a class, as calling it does
        this.#call();
        break;
      case 0x62: // BUILD: sets attributes, which no value here has
        this.#popMany(1);
        this.#top();
        break;
      case 0x51: // BINPERSID
        stack.push(this.#names.persistentLoad(this.#pop()));
        break;
      default:
        reader.fail(
          `has an operation 0x${opcode.toString(16)} at byte ${reader.position - 1}, which torch.save does not write`,
        );
    }
  }

  #pushNew(value: unknown): void {
    if (value instanceof Map && ++this.#dictCount > MAX_DICTS) {
      this.#reader.fail(`makes more than ${MAX_DICTS} dicts`);
    }
    this.#stack.push(value);
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list) || Object.isFrozen(list))
      this.#reader.fail("is damaged: it appends to what is not a list");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) {
      this.#reader.fail("is damaged: it sets items of what is not a dict");
    }
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #importFromStack(): void {
    const [module, name] = this.#popMany(2);
    if (typeof module !== "string" || typeof name !== "string") {
      this.#reader.fail("is damaged: an import has no name");
    }
    this.#stack.push(this.#names.resolve(module, name));
  }

  #call(): void {
    const [callee, args] = this.#popMany(2);
    if (!(callee instanceof Importable) || !isTuple(args)) {
      this.#reader.fail("is damaged: it calls what is not a function");
    }
    if (callee.call === undefined) this.#reader.fail(`calls ${callee.name}, which may only be named`);
    this.#pushNew(callee.call(args));
  }

  #recall(key: number): unknown {
    if (!this.#memo.has(key)) this.#reader.fail("is damaged: it refers to an object that it has not made");
    return this.#memo.get(key);
  }

  #top(): unknown {
    this.#requireItems(1);
    return this.#stack.at(-1);
  }

  #pop(): unknown {
    this.#requireItems(1);
    return this.#stack.pop();
  }

  #popMany(count: number): unknown[] {
    this.#requireItems(count);
    return this.#stack.splice(-count);
  }

  #popToMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) this.#reader.fail("is damaged: it closes a list that it has not opened");
    return this.#stack.splice(mark);
  }

  /** Checks that so many values lie above the last mark. */
  #requireItems(count: number): void {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) {
      this.#reader.fail("is damaged: it takes a value that it has not made");
    }
  }
}

/** Whether a value from a pickle is a tuple, which nothing can change any more. */
export function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && Object.isFrozen(value);
}

/** A little-endian two's complement integer, as a number where that is exact. */
function toInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(bytes.length * 8, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}
