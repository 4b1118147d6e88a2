/**
 * The part of @bufbuild/protobuf that ONNX files need, in a tenth of its size: builds for browsers have it in
 * its place (scripts/light-protobuf.ts). It writes fields that are set, and does not keep fields that it does
 * not know.
 */

import { joinBytes } from "../join-bytes.ts";

/** How a value lies in a message. */
export const WireType = { Varint: 0, Bit64: 1, LengthDelimited: 2, Bit32: 5 } as const;

type Message = Record<string, unknown>;

interface Field {
  readonly name: string;
  readonly number: number;
  /** As descriptor.proto numbers them. */
  readonly type: number;
  readonly isRepeated: boolean;
  readonly oneof: string | undefined;
  readonly message: () => Schema;
}

interface Schema {
  readonly fields: readonly Field[];
  readonly oneofs: readonly string[];
  readonly nested: readonly Schema[];
}

const TYPE = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
};
const REPEATED = 3n;

/** Reads the fields of a message one after the other. */
export class BinaryReader {
  readonly len: number;
  pos = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.len = bytes.length;
  }

  tag(): [field: number, type: number] {
    const tag = this.int32() >>> 0;
    const field = tag >>> 3;
    const type = tag & 7;
    if (field === 0 || (type !== 5 && type > 2))
      throw new RangeError(`illegal tag: field ${field} type ${type}`);
    return [field, type];
  }

  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError("invalid varint");
  }

  int32(): number {
    return Number(BigInt.asIntN(32, this.int64()));
  }

  float(): number {
    this.#next(4);
    return this.#view.getFloat32(this.pos - 4, true);
  }

  double(): number {
    this.#next(8);
    return this.#view.getFloat64(this.pos - 8, true);
  }

  bytes(): Uint8Array {
    return this.#next(this.int32() >>> 0);
  }

  skip(type: number, _field?: number): void {
    if (type === WireType.LengthDelimited) this.bytes();
    else if (type === WireType.Varint) this.int64();
    else this.#next(type === WireType.Bit64 ? 8 : 4);
  }

  #next(count: number): Uint8Array {
    this.pos += count;
    if (this.pos > this.len) throw new RangeError("premature EOF");
    return this.#bytes.subarray(this.pos - count, this.pos);
  }
}

/** The messages of a file, out of its description in base64. */
export function fileDesc(base64: string): readonly Schema[] {
  const bytes = Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
    letter.charCodeAt(0),
  );
  const known = new Map<string, Schema>();
  const file = readParts(bytes);
  const prefix = `.${text(file.get(2)?.[0])}`;
  return (file.get(4) ?? []).map((part) => readSchema(part, prefix, known));
}

export function messageDesc(
  file: readonly Schema[],
  index: number,
  ...path: readonly number[]
): Schema | undefined {
  return path.reduce<Schema | undefined>((schema, at) => schema?.nested[at], file[index]);
}

/** Enums are numbers here. */
export function enumDesc(): undefined {
  return undefined;
}

/** A message with these fields; lists that are left out are empty, numbers 0, texts empty. */
export function create(schema: Schema, fields: Message = {}): Message {
  const message: Message = Object.create(defaultsOf(schema));
  for (const { name, oneof, isRepeated } of schema.fields)
    if (isRepeated && oneof === undefined) message[name] = [];
  for (const oneof of schema.oneofs) message[oneof] = { case: undefined };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) message[name] = value;
  return message;
}

export function toBinary(schema: Schema, message: Message): Uint8Array<ArrayBuffer> {
  return joinBytes(encode(schema, message));
}

export function fromBinary(schema: Schema, bytes: Uint8Array): Message {
  const message = create(schema);
  const fields = new Map(schema.fields.map((field) => [field.number, field]));
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = fields.get(number);
    if (!field) reader.skip(wire, number);
    else if (!field.isRepeated) {
      const value = decode(field, reader);
      if (field.oneof === undefined) message[field.name] = value;
      else message[field.oneof] = { case: field.name, value };
    } else {
      const list = message[field.name];
      if (!Array.isArray(list)) continue;
      const isPacked = wire === WireType.LengthDelimited && wireOf(field) !== wire;
      const values = isPacked ? new BinaryReader(reader.bytes()) : reader;
      do list.push(decode(field, values));
      while (isPacked && values.pos < values.len);
    }
  }
  return message;
}

function encode({ fields }: Schema, message: Message): Uint8Array[] {
  return fields.flatMap((field) => {
    const held = message[field.oneof ?? ""];
    const own = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    const value = isOneof(held) ? (held.case === field.name ? held.value : undefined) : own;
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    const tag = varint(BigInt((field.number << 3) | wireOf(field)));
    return values.flatMap((one) => [tag, ...encodeValue(field, one)]);
  });
}

function isOneof(value: unknown): value is { case: string | undefined; value?: unknown } {
  return typeof value === "object" && value !== null && "case" in value;
}

function encodeValue(field: Field, value: unknown): Uint8Array[] {
  const { type } = field;
  if (type === TYPE.message) {
    const parts = encode(field.message(), isMessage(value) ? value : {});
    return [varint(BigInt(parts.reduce((sum, { length }) => sum + length, 0))), ...parts];
  }
  if (type === TYPE.string || type === TYPE.bytes) {
    const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(String(value));
    return [varint(BigInt(bytes.length)), bytes];
  }
  if (type === TYPE.float) return [new Uint8Array(Float32Array.of(Number(value)).buffer)];
  if (type === TYPE.double) return [new Uint8Array(Float64Array.of(Number(value)).buffer)];
  return [varint(BigInt(typeof value === "bigint" ? value : Number(value)))];
}

function decode({ type, message }: Field, reader: BinaryReader): unknown {
  if (type === TYPE.message) return fromBinary(message(), reader.bytes());
  if (type === TYPE.string) return text(reader.bytes());
  if (type === TYPE.bytes) return reader.bytes();
  if (type === TYPE.float) return reader.float();
  if (type === TYPE.double) return reader.double();
  return type === TYPE.int64 || type === TYPE.uint64 ? reader.int64() : reader.int32();
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null;
}

function wireOf({ type }: Pick<Field, "type">): number {
  if (type === TYPE.double) return WireType.Bit64;
  if (type === TYPE.float) return WireType.Bit32;
  const isLong = type === TYPE.string || type === TYPE.bytes || type === TYPE.message;
  return isLong ? WireType.LengthDelimited : WireType.Varint;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const defaults = new WeakMap<Schema, Message>();

/** Values of fields that are not set. */
function defaultsOf(schema: Schema): Message {
  const known = defaults.get(schema);
  if (known) return known;
  const message: Message = {};
  for (const { name, type, isRepeated, oneof } of schema.fields) {
    if (isRepeated || oneof !== undefined || type === TYPE.message) continue;
    const number = type === TYPE.int64 || type === TYPE.uint64 ? 0n : 0;
    message[name] = type === TYPE.string ? "" : type === TYPE.bytes ? new Uint8Array(0) : number;
  }
  defaults.set(schema, message);
  return message;
}

/** A DescriptorProto. */
function readSchema(bytes: Uint8Array, parent: string, known: Map<string, Schema>): Schema {
  const parts = readParts(bytes);
  const path = `${parent}.${text(parts.get(1)?.[0])}`;
  const oneofs = (parts.get(8) ?? []).map((part) => text(readParts(part).get(1)?.[0]));
  const schema = {
    fields: (parts.get(2) ?? []).map((part) => readField(part, oneofs, known)),
    oneofs,
    nested: (parts.get(3) ?? []).map((part) => readSchema(part, path, known)),
  };
  known.set(path, schema);
  return schema;
}

/** A FieldDescriptorProto. */
function readField(bytes: Uint8Array, oneofs: readonly string[], known: ReadonlyMap<string, Schema>): Field {
  const parts = readParts(bytes);
  const number = (field: number) => parts.numbers.get(field);
  const name = text(parts.get(1)?.[0]).replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const typeName = text(parts.get(6)?.[0]);
  const index = number(9);
  return {
    name,
    number: Number(number(3)),
    type: Number(number(5)),
    isRepeated: number(4) === REPEATED,
    oneof: index === undefined ? undefined : oneofs[Number(index)],
    message() {
      const schema = known.get(typeName);
      if (!schema) throw new Error(`there is no message ${typeName}`);
      return schema;
    },
  };
}

/** The fields of a message of which nothing is known: texts, bytes and messages, and beside them numbers. */
function readParts(bytes: Uint8Array) {
  const parts = Object.assign(new Map<number, Uint8Array[]>(), { numbers: new Map<number, bigint>() });
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) parts.set(field, [...(parts.get(field) ?? []), reader.bytes()]);
    else if (wire === WireType.Varint) parts.numbers.set(field, reader.int64());
    else reader.skip(wire, field);
  }
  return parts;
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
