import { dirname } from "node:path";
import { LightsegError, messageOf } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { type Address, formatAddress, parseAddress, publicAddress } from "./address.ts";
import { readAddress } from "./open-storage.ts";
import { explainMissing } from "./optional.ts";
import type { PhotoEntry } from "./photo-entry.ts";

/** Names of the column of addresses, tried in order. */
const COLUMNS = ["photo", "source", "path", "url", "key", "file", "image"];

const ENDINGS = ["txt", "csv", "jsonl", "ndjson", "parquet"];

/** Whether an address is that of a list of photos, by its ending. */
export function isList(source: string): boolean {
  return ENDINGS.includes(endingOf(source));
}

/** The ending of an address in small letters, without the dot; that of a signed one is before its query. */
export function endingOf(source: string): string {
  const plain = source.replace(/^(https?:[^?#]*).*$/i, "$1");
  return /\.([a-z]+)$/i.exec(plain)?.[1]?.toLowerCase() ?? "";
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads a list of photos: an address a line, or rows with a column of addresses and, if there are such, the
 * columns `id` and `mask`.
 *
 * Relative paths start from the list's own folder. An address that is listed twice counts once.
 *
 * @throws LightsegError INVALID_ARGUMENT for a list that cannot be read, or two photos of one id
 */
export async function* readList(source: string, column?: string): AsyncGenerator<PhotoEntry> {
  const list = publicAddress(source);
  const bytes = await readAddress(source);
  const address = parseAddress(source);
  let row = 0;
  const resolveEntry = (text: string) => {
    try {
      return formatAddress(resolveBeside(text, address));
    } catch (error) {
      if (!(error instanceof LightsegError)) throw error;
      const { argument, rule, hint } = error.details;
      // The address itself may hold a password.
      throw invalid(list, `has an ${argument} in row ${row} that ${rule}`, hint);
    }
  };
  const seen = new Map<string, string>();
  for await (const entry of rowsOf(source, list, bytes)) {
    row++;
    const text = textOf(entry, column === undefined ? COLUMNS : [column], list);
    const photo = resolveEntry(text);
    const id = idOf(entry.id) ?? nameOf(text);
    const other = seen.get(id);
    if (other === photo) continue;
    if (other !== undefined) throw invalid(list, `must not have two photos of the id ${JSON.stringify(id)}`);
    seen.set(id, photo);
    yield {
      id,
      source: photo,
      ...(typeof entry.mask === "string" && entry.mask !== "" && { mask: resolveEntry(entry.mask) }),
    };
  }
}

/** Undefined for a cell that is empty. Parquet has its whole numbers as bigint. */
function idOf(cell: unknown): string | undefined {
  const isId = typeof cell === "string" || typeof cell === "number" || typeof cell === "bigint";
  return isId && cell !== "" ? String(cell) : undefined;
}

/**
 * What a photo of a list is called: its address as it is listed, without the scheme and without what is
 * secret.
 */
function nameOf(text: string): string {
  return publicAddress(text)
    .replace(/^[a-z0-9+.-]+:\/\//i, "")
    .replace(/^(\.?\/)+/, "");
}

function resolveBeside(text: string, list: Address): Address {
  if (list.kind === "folder" || /^[a-z][a-z0-9+.-]+:\/\//i.test(text))
    return parseAddress(text, list.kind === "folder" ? dirname(list.path) : ".");
  if (list.kind === "http") return parseAddress(new URL(text, list.url).href);
  return { ...list, key: `${list.key.replace(/[^/]*$/, "")}${text}` };
}

async function* rowsOf(source: string, list: string, bytes: Uint8Array): AsyncGenerator<Row> {
  const ending = endingOf(source);
  if (ending === "parquet") {
    yield* parquetRows(list, bytes);
    return;
  }
  const text = decodeText(list, bytes);
  if (ending === "csv") yield* csvRows(list, text);
  else if (ending === "txt")
    for (const line of text.split(/\r\n|\n|\r/)) {
      if (line.trim() !== "") yield { photo: line.trim() };
    }
  else yield* jsonRows(list, text);
}

function decodeText(list: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid(list, "must be text in UTF-8");
  }
}

function* jsonRows(list: string, text: string): Generator<Row> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const row = parseJson(line);
    if (typeof row === "string") yield { photo: row };
    else if (isRecord(row)) yield row;
    else throw invalid(list, `must have a JSON object or string in line ${index + 1}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 4180: fields with commas, quotes or line breaks stand in quotes, and a quote in them is doubled. */
function* csvRows(list: string, text: string): Generator<Row> {
  let names: string[] | undefined;
  let fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const [, quoted, plain = "", end = ""] = field.exec(text) ?? [];
    if (field.lastIndex === 0) throw invalid(list, `must have its quotes in pairs, near character ${at + 1}`);
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "," && field.lastIndex < text.length) continue;
    if (end === ",") fields.push("");
    if (names === undefined) names = fields;
    else if (fields.some((value) => value !== "")) yield toRow(names, fields);
    fields = [];
  }
}

function toRow(names: readonly string[], fields: readonly string[]): Row {
  return Object.fromEntries(names.map((name, index) => [name.trim(), fields[index] ?? ""]));
}

/** @throws LightsegError DEPENDENCY */
async function loadParquetReader() {
  try {
    return await import("hyparquet");
  } catch (cause) {
    throw explainMissing("hyparquet", "lists in Parquet", cause);
  }
}

async function* parquetRows(list: string, bytes: Uint8Array): AsyncGenerator<Row> {
  const { parquetReadObjects } = await loadParquetReader();
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  if (!(file instanceof ArrayBuffer)) throw new TypeError("the list lies in shared memory");
  const rows = await parquetReadObjects({ file }).catch((cause: unknown) => {
    throw invalid(list, `must be Parquet: ${messageOf(cause)}`);
  });
  yield* rows;
}

function textOf(row: Row, columns: readonly string[], list: string): string {
  const names = Object.keys(row);
  const name = columns.find((column) => names.includes(column));
  const value = name === undefined ? undefined : row[name];
  if (typeof value === "string" && value.trim() !== "") return value;
  if (name !== undefined) throw invalid(list, `must have an address in each row of the column ${name}`);
  throw invalid(
    list,
    `must have a column ${columns.join(", ")}`,
    `it has ${names.join(", ")}; name one with --column`,
  );
}

function invalid(list: string, rule: string, hint?: string): LightsegError {
  const fault = { where: "readList", file: list, argument: "the list", rule, hint };
  return new LightsegError({ code: "INVALID_ARGUMENT", ...fault });
}
