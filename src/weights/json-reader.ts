import { quote } from "./invalid.ts";

/** Deeper than anything in the headers that are read; a value that is skipped may be nested. */
const MAX_DEPTH = 32;
/** More than any checkpoint has tensors. */
const MAX_MEMBERS = 100_000;
/** What a string ends with, or a character and the one that it escapes. */
const STRING_END = /"|\\./gs;
const OTHER_VALUE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const WHOLE_NUMBER = /(?:0|[1-9]\d{0,15})(?![\d.eE])/y;

/**
 * Reads JSON value by value, so that a forged header cannot fill the memory.
 *
 * Unlike `JSON.parse` it refuses objects that have a key twice. Each method reads the value that comes next;
 * what is wrong with the text ends in a call of `fail`, which must throw.
 */
export class JsonReader {
  #position = 0;
  #depth = 0;

  readonly #text: string;
  readonly #fail: (rule: string) => never;

  constructor(text: string, fail: (rule: string) => never) {
    this.#text = text;
    this.#fail = fail;
  }

  /** Calls `readValue` for each key; it must read the value. */
  object(readValue: (key: string) => void): void {
    const keys = new Set<string>();
    this.#list("{", "}", () => {
      const key = this.string();
      if (keys.has(key)) this.#fail(`holds the key ${quote(key)} twice`);
      keys.add(key);
      if (keys.size > MAX_MEMBERS) this.#fail(`holds more than ${MAX_MEMBERS} keys`);
      this.#expect(":");
      readValue(key);
    });
  }

  /** Calls `readItem` for each item; it must read the item. */
  array(readItem: () => void): void {
    this.#list("[", "]", readItem);
  }

  string(): string {
    if (this.next() !== '"') this.#failHere();
    const start = this.#position;
    STRING_END.lastIndex = start + 1;
    let found = STRING_END.exec(this.#text)?.[0];
    while (found?.startsWith("\\")) found = STRING_END.exec(this.#text)?.[0];
    if (found === undefined) this.#failHere();
    this.#position = STRING_END.lastIndex;
    try {
      return String(JSON.parse(this.#text.slice(start, this.#position)));
    } catch {
      this.#position = start;
      return this.#failHere();
    }
  }

  /** A number from 0 to 2^53 - 1, written without fraction and exponent; undefined for anything else. */
  wholeNumber(): number | undefined {
    this.next();
    const number = Number(this.#match(WHOLE_NUMBER) ?? Number.NaN);
    return Number.isSafeInteger(number) ? number : undefined;
  }

  /** Any value, which is checked but not kept. */
  skip(): void {
    const start = this.next();
    if (start === "{") this.object(() => this.skip());
    else if (start === "[") this.array(() => this.skip());
    else if (start === '"') this.string();
    else if (this.#match(OTHER_VALUE) === undefined) this.#failHere();
  }

  /** The character that the next value starts with; empty at the end of the text. */
  next(): string {
    while (isSpace(this.#text.charCodeAt(this.#position))) this.#position++;
    return this.#text[this.#position] ?? "";
  }

  /** Checks that nothing follows. */
  end(): void {
    if (this.next() !== "") this.#failHere();
  }

  #list(open: string, close: string, readItem: () => void): void {
    this.#expect(open);
    if (++this.#depth > MAX_DEPTH) this.#fail(`is nested more than ${MAX_DEPTH} deep`);
    if (this.next() !== close) {
      readItem();
      while (this.next() === ",") {
        this.#position++;
        readItem();
      }
    }
    this.#expect(close);
    this.#depth--;
  }

  #expect(character: string): void {
    if (this.next() !== character) this.#failHere();
    this.#position++;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0];
    this.#position += found?.length ?? 0;
    return found;
  }

  #failHere(): never {
    return this.#fail(`is not valid JSON at character ${this.#position}`);
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
