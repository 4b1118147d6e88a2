import { inflateSync } from "node:zlib";
import { messageOf } from "../errors.ts";
import {
  COMPRESSED,
  invalidMat,
  MATRIX,
  MatCursor,
  type MatElement,
  type MatSource,
  readNumbers,
  readText,
} from "./mat5-elements.ts";

/** A variable of a MATLAB file. Arrays are column-major. */
export type MatValue = MatNumbers | MatStruct | MatOther;

/** An array of any numeric or logical class; the real part of a complex one. */
export interface MatNumbers {
  readonly kind: "numbers";
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

/** One map of field names to values for each element of the array; none where there are no fields. */
export interface MatStruct {
  readonly kind: "struct";
  readonly dims: readonly number[];
  readonly elements: readonly ReadonlyMap<string, MatValue>[];
}

/** Cells, text, a sparse matrix, an object or a function: passed over. */
export interface MatOther {
  readonly kind: "other";
}

/** Classes of arrays that are read; the numeric ones are double, single and the integers. */
const STRUCT = 2;
const isNumeric = (arrayClass: number) => arrayClass >= 6 && arrayClass <= 15;

const HEADER_LENGTH = 128;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;
const MAX_DEPTH = 16;

/**
 * Reads the variables of a MATLAB level 5 file (`save -v6` and `-v7`), of either byte order, compressed or
 * not.
 *
 * @param file named in errors
 * @throws LightsegError INVALID_DATASET when the bytes are another kind of file (HDF5, as `-v7.3` writes,
 *   included), are cut short or contradict themselves, or when a variable inflates to more than 256 MiB
 */
export function readMat5(bytes: Uint8Array, file: string): Map<string, MatValue> {
  const source = { littleEndian: readByteOrder(bytes, file), file };
  const variables = new Map<string, MatValue>();
  const cursor = new MatCursor(bytes.subarray(HEADER_LENGTH), source);
  while (!cursor.done) {
    const outer = cursor.next();
    const element = outer.type === COMPRESSED ? inflate(outer, source) : outer;
    // Elements other than arrays describe the program that wrote the file.
    if (element.type !== MATRIX) continue;
    const { name, value } = readMatrix(element, source, 0);
    variables.set(name, value);
  }
  return variables;
}

/** Whether numbers are stored with their lowest byte first. */
function readByteOrder(bytes: Uint8Array, file: string): boolean {
  const rule = "must be a MATLAB file of level 5";
  if (bytes.length < HEADER_LENGTH) throw invalidMat(file, rule, `${bytes.length} bytes`);
  const order = String.fromCharCode(...bytes.subarray(126, HEADER_LENGTH));
  if (order !== "IM" && order !== "MI") throw invalidMat(file, rule, "another kind of file");
  const major = bytes[order === "IM" ? 125 : 124];
  if (major === 2) throw invalidMat(file, rule, "one of version 7.3, which is HDF5");
  if (major !== 1) throw invalidMat(file, rule, `version ${major}`);
  return order === "IM";
}

function inflate({ bytes }: MatElement, source: MatSource): MatElement {
  let inflated: Uint8Array;
  try {
    inflated = inflateSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (cause) {
    const rule = `must hold undamaged variables of at most ${MAX_INFLATED_BYTES} bytes`;
    throw invalidMat(source.file, rule, messageOf(cause), cause);
  }
  return new MatCursor(inflated, source).next();
}

function readMatrix(
  element: MatElement,
  source: MatSource,
  depth: number,
): { name: string; value: MatValue } {
  const { file } = source;
  if (element.type !== MATRIX) throw invalidMat(file, "must have arrays within arrays", element.type);
  if (depth > MAX_DEPTH) throw invalidMat(file, `must be nested at most ${MAX_DEPTH} deep`);
  // `[]` within structs may be stored as nothing at all.
  if (element.bytes.length === 0)
    return { name: "", value: { kind: "numbers", dims: [0, 0], data: new Float64Array() } };

  const parts = new MatCursor(element.bytes, source);
  const [flags = 0] = readNumbers(parts.next(), source);
  const arrayClass = flags & 0xff;
  if (arrayClass !== STRUCT && !isNumeric(arrayClass)) return { name: "", value: { kind: "other" } };

  const dims = [...readNumbers(parts.next(), source)];
  const count = dims.reduce((product, length) => product * length, 1);
  if (dims.length < 2 || !dims.every((length) => length >= 0) || !Number.isSafeInteger(count))
    throw invalidMat(file, "must have arrays of two or more dimensions", dims);
  const name = readText(parts.next(), source);
  if (arrayClass === STRUCT) return { name, value: readStruct({ parts, dims, count, source, depth }) };
  const data = readNumbers(parts.next(), source);
  if (data.length !== count)
    throw invalidMat(file, `must have ${count} numbers in ${name || "an array"}`, data.length);
  return { name, value: { kind: "numbers", dims, data } };
}

interface Inner {
  readonly parts: MatCursor;
  readonly dims: readonly number[];
  readonly count: number;
  readonly source: MatSource;
  readonly depth: number;
}

function readStruct({ parts, dims, count, source, depth }: Inner): MatStruct {
  const [nameLength = 0] = readNumbers(parts.next(), source);
  const names = splitNames(parts.next(), nameLength, source);
  requireRoom(count * names.length, parts, source);
  const elements = Array.from({ length: names.length === 0 ? 0 : count }, () => {
    const fields = new Map<string, MatValue>();
    for (const name of names) fields.set(name, readMatrix(parts.next(), source, depth + 1).value);
    return fields;
  });
  return { kind: "struct", dims, elements };
}

/** Field names, each filled up with zeros to the same length. */
function splitNames({ bytes }: MatElement, length: number, { file }: MatSource): string[] {
  if (bytes.length === 0) return [];
  if (length < 1 || bytes.length % length !== 0)
    throw invalidMat(file, "must have field names of one length", length);
  return Array.from({ length: bytes.length / length }, (_, index) => {
    const [name = ""] = new TextDecoder()
      .decode(bytes.subarray(index * length, (index + 1) * length))
      .split("\0");
    return name;
  });
}

/** Each array takes at least the 8 bytes of its tag, so a wrong count is found before allocation. */
function requireRoom(count: number, parts: MatCursor, { file }: MatSource): void {
  if (8 * count <= parts.remaining) return;
  throw invalidMat(file, `must hold the ${count} arrays that it announces`, `${parts.remaining} bytes`);
}
