import { open } from "node:fs/promises";
import { LightsegError, messageOf } from "../errors.ts";
import { notFound } from "./errors.ts";

const CHUNK_BYTES = 1024 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export interface ReadJsonItemsOptions {
  /** Visitors of the objects in the lists, by key; other keys are passed over. */
  readonly visitors: ReadonlyMap<string, (item: unknown) => void>;
  /** The expected files, shown as a hint when the file is missing. */
  readonly layout: string;
}

/**
 * Reads the objects in the lists of a JSON object, `{"images": [{…}, …], "annotations": [{…}, …]}`, one by
 * one.
 *
 * The file may be larger than memory, and than the longest string: only one item at a time is held.
 *
 * @throws LightsegError NOT_FOUND when there is no such file, INVALID_DATASET when it is no JSON or is cut
 *   short, and what a visitor throws
 */
export async function readJsonItems(file: string, { visitors, layout }: ReadJsonItemsOptions): Promise<void> {
  const handle = await open(file).catch((cause: unknown) => {
    throw notFound(file, "file", "must be readable", layout, cause);
  });
  try {
    const scanner = new ItemScanner(visitors, file);
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      scanner.push(chunk.subarray(0, bytesRead));
    }
    scanner.end();
  } finally {
    await handle.close();
  }
}

/** Finds keys (strings at depth 1) and items (objects at depth 2) by counting brackets outside strings. */
class ItemScanner {
  readonly #visitors: ReadonlyMap<string, (item: unknown) => void>;
  readonly #file: string;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #started = false;
  #key = "";
  /** Where the key or item that is being read begins in the current chunk; -1 when none is. */
  #from = -1;
  /** Its parts in earlier chunks. */
  #parts: Uint8Array[] = [];

  constructor(visitors: ReadonlyMap<string, (item: unknown) => void>, file: string) {
    this.#visitors = visitors;
    this.#file = file;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#inString) this.#stepInString(byte, chunk, at);
      else if (byte === QUOTE) {
        this.#inString = true;
        if (this.#depth === 1) this.#from = at;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#depth === 2 && byte === OPEN_BRACE && this.#visitors.has(this.#key)) this.#from = at;
        this.#depth += 1;
        this.#started = true;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#depth === 2 && this.#from >= 0) this.#visitors.get(this.#key)?.(this.#take(chunk, at + 1));
      }
    }
    if (this.#from < 0) return;
    // Copied: the stream reuses the chunk's memory.
    this.#parts.push(chunk.slice(this.#from));
    this.#from = 0;
  }

  end(): void {
    if (!this.#started || this.#inString || this.#depth !== 0)
      throw this.#invalid(`${this.#depth} open brackets at its end`);
  }

  #stepInString(byte: number | undefined, chunk: Uint8Array, at: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      if (this.#depth === 1) this.#key = String(this.#take(chunk, at + 1));
    }
  }

  /** Parses what was read since `#from`. */
  #take(chunk: Uint8Array, end: number): unknown {
    const bytes = Buffer.concat([...this.#parts, chunk.subarray(this.#from, end)]);
    this.#parts = [];
    this.#from = -1;
    try {
      return JSON.parse(bytes.toString());
    } catch (cause) {
      throw this.#invalid(messageOf(cause), cause);
    }
  }

  #invalid(value: string, cause?: unknown): LightsegError {
    const rule = "must be a whole JSON file";
    return new LightsegError({
      code: "INVALID_DATASET",
      where: "open",
      file: this.#file,
      argument: "content",
      rule,
      value,
      cause,
    });
  }
}
