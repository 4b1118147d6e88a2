import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { refuseWeights } from "../../src/weights/invalid.ts";
import { JsonReader } from "../../src/weights/json-reader.ts";

function readerOf(text: string): JsonReader {
  return new JsonReader(text, (rule) => refuseWeights("x", "the header", rule));
}

/** Reads any JSON by the reader's own methods; numbers must be whole. */
function read(json: JsonReader): unknown {
  const start = json.next();
  if (start === '"') return json.string();
  if (start === "[") {
    const items: unknown[] = [];
    json.array(() => items.push(read(json)));
    return items;
  }
  if (start === "{") {
    const entries: [string, unknown][] = [];
    json.object((key) => entries.push([key, read(json)]));
    return Object.fromEntries(entries);
  }
  return json.wholeNumber();
}

/** Whether the whole text is one value; anything but a `LightsegError` is thrown on. */
function accepts(text: string): boolean {
  const json = readerOf(text);
  try {
    json.skip();
    json.end();
    return true;
  } catch (error) {
    if (error instanceof LightsegError) return false;
    throw error;
  }
}

const value = fc.jsonValue({ noUnicodeString: false, depthSize: "small" });
const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/);

describe("reads", () => {
  test("what JSON.stringify writes", () => {
    const wholeNumbers = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.maxSafeNat(),
        fc.string({ unit: "binary" }),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(wholeNumbers, fc.nat(3), (original, indent) => {
        const json = readerOf(` ${JSON.stringify(original, null, indent)}\n`);
        expect(read(json)).toEqual(original);
        json.end();
      }),
    );
  });

  test("the same text as JSON.parse, but for keys that are there twice", () => {
    const character = fc.constantFrom(...'{}[]:,"\\\\u00e9ntrufalse -+.0123456789eE\t\u0001');
    const text = fc.oneof(
      fc
        .tuple(
          space,
          value.map((original) => JSON.stringify(original)),
          space,
        )
        .map((parts) => parts.join("")),
      fc.string({ unit: character, maxLength: 12 }),
      fc
        .tuple(
          value.map((original) => JSON.stringify(original)),
          fc.nat(50),
          character,
        )
        .map(([original, at, inserted]) => original.slice(0, at) + inserted + original.slice(at)),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        if (accepts(candidate)) expect(() => JSON.parse(candidate)).not.toThrow();
        else expect(() => parseDistinct(candidate)).toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test("numbers up to 2^53 - 1 that are whole", () => {
    const numbers = [
      "0",
      "10",
      "9007199254740991",
      "9007199254740992",
      "-1",
      "1.0",
      "1e3",
      "01",
      "1e",
      '"1"',
    ];
    expect(numbers.map((text) => readerOf(text).wholeNumber())).toEqual([
      0,
      10,
      2 ** 53 - 1,
      ...new Array(5).fill(undefined),
      undefined,
      undefined,
    ]);
  });
});

/** `JSON.parse`, but fails for a key that is there twice: then the text is longer than what it means. */
function parseDistinct(text: string): void {
  const parsed: unknown = JSON.parse(text);
  if (countKeys(parsed) !== countColons(text)) throw new Error("a key is there twice");
}

function countKeys(parsed: unknown): number {
  if (typeof parsed !== "object" || parsed === null) return 0;
  const children = Object.values(parsed).reduce((sum: number, child) => sum + countKeys(child), 0);
  return children + (Array.isArray(parsed) ? 0 : Object.keys(parsed).length);
}

/** Colons outside of strings. */
function countColons(text: string): number {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;
}

describe("refuses", () => {
  test.each([
    ['holds the key "a" twice', '{"a":1,"a":1}'],
    ['holds the key "a" twice', '{"a":1,"\\u0061":1}'],
    ['holds the key "__proto__" twice', '{"__proto__":1,"__proto__":1}'],
    ["holds more than 100000 keys", `{${Array.from({ length: 100_001 }, (_, i) => `"${i}":0`)}}`],
    ["is nested more than 32 deep", "[".repeat(33)],
    ["is nested more than 32 deep", '{"a":'.repeat(1_000_000)],
    ["is not valid JSON at character 5", '{"a" 1}'],
    ["is not valid JSON at character 1", "[,]"],
    ["is not valid JSON at character 3", "[1,]"],
    ["is not valid JSON at character 1", "["],
    ["is not valid JSON at character 0", '"a'],
    ["is not valid JSON at character 0", '"\\'],
    ["is not valid JSON at character 0", '"\n"'],
    ["is not valid JSON at character 0", ""],
    ["is not valid JSON at character 2", "1 2"],
    ["is not valid JSON at character 0", "\ufeff1"],
  ])("%s", (message, text) => {
    const skip = () => {
      const json = readerOf(text);
      json.skip();
      json.end();
    };
    expect(skip).toThrow(LightsegError);
    expect(skip).toThrow(`x: the header ${message}`);
  });
});
