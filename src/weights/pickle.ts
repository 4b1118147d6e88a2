/**
 * Pieces of a Python pickle, protocol 2, as bytes that are put one behind the other.
 *
 * Reference: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */

import { joinBytes } from "../join-bytes.ts";

const PROTO_2 = Uint8Array.of(0x80, 2);
const MARK = Uint8Array.of(0x28);
const STOP = Uint8Array.of(0x2e);
const TUPLE = Uint8Array.of(0x74);
const BININT = Uint8Array.of(0x4a);
const BINPERSID = Uint8Array.of(0x51);
const REDUCE = Uint8Array.of(0x52);
const BINUNICODE = Uint8Array.of(0x58);
const GLOBAL = Uint8Array.of(0x63);
const SETITEMS = Uint8Array.of(0x75);
const NEWFALSE = Uint8Array.of(0x89);

const utf8 = new TextEncoder();

/** The pickle of one value. */
export function pickle(value: Uint8Array): Uint8Array {
  return joinBytes([PROTO_2, value, STOP]);
}

export const pickledFalse = NEWFALSE;

/** A str; half of a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD. */
export function pickleText(text: string): Uint8Array {
  const bytes = utf8.encode(text);
  return joinBytes([BINUNICODE, uint32(bytes.length), bytes]);
}

/** An int, 0 to 2^31 - 1. */
export function pickleInt(value: number): Uint8Array {
  return joinBytes([BININT, uint32(value)]);
}

export function pickleTuple(items: readonly Uint8Array[]): Uint8Array {
  return joinBytes([MARK, ...items, TUPLE]);
}

/** A function or class, by its module and name. */
export function pickleGlobal(module: string, name: string): Uint8Array {
  return joinBytes([GLOBAL, utf8.encode(`${module}\n${name}\n`)]);
}

/** What a function or class returns for these arguments. */
export function pickleCall(callable: Uint8Array, args: readonly Uint8Array[]): Uint8Array {
  return joinBytes([callable, pickleTuple(args), REDUCE]);
}

/** A dict, or what is like one, with items added: key, value, key, value and so on. */
export function pickleItems(dict: Uint8Array, items: readonly Uint8Array[]): Uint8Array {
  return joinBytes([dict, MARK, ...items, SETITEMS]);
}

/** An object that is stored outside the pickle, under this id. */
export function pickleReference(id: Uint8Array): Uint8Array {
  return joinBytes([id, BINPERSID]);
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
