import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readJsonItems } from "../../src/datasets/json-items.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-json-"));
  file = join(directory, "a.json");
});
afterEach(() => rm(directory, { recursive: true }));

async function itemsOf(text: string, key = "items"): Promise<unknown[]> {
  await writeFile(file, text);
  const items: unknown[] = [];
  const visitors = new Map([[key, (item: unknown) => items.push(item)]]);
  await readJsonItems(file, { visitors, layout: "expected DIR/a.json" });
  return items;
}

describe("readJsonItems", () => {
  it("gives the objects of one list and passes over all else", async () => {
    const content = {
      info: { items: [{ a: 0 }], year: 2017 },
      note: "items",
      others: [{ items: [{ a: 1 }] }],
      items: [{ a: 2, b: [{ c: "}" }] }, {}, { 'quo"te\\': 'é "[{' }],
      last: [[{ a: 3 }], 4],
    };
    expect(await itemsOf(JSON.stringify(content))).toEqual(content.items);
    expect(await itemsOf(JSON.stringify(content, null, 2))).toEqual(content.items);
    expect(await itemsOf(JSON.stringify(content), "others")).toEqual(content.others);
    expect(await itemsOf(JSON.stringify(content), "absent")).toEqual([]);
  });

  it("passes over what is no object in the list", async () => {
    expect(await itemsOf('{"items": [[1, {"a": 0}], "{", 2, {"a": 1}, [], {"a": 2}]}')).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
  });

  it("reads keys that are written with escapes", async () => {
    expect(await itemsOf('{"it\\u0065ms": [{"a": 1}]}')).toEqual([{ a: 1 }]);
  });

  it("gives the same as JSON.parse", async () => {
    const item = fc.dictionary(fc.string(), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.array(item), fc.jsonValue(), async (items, other) => {
        const text = JSON.stringify({ other, items, more: other });
        expect(await itemsOf(text)).toEqual(JSON.parse(text).items);
      }),
      { numRuns: 50 },
    );
  });

  it("reads items that lie across the parts in which a file is read", async () => {
    // 3 MiB in items of three sizes: the ends of parts, 1 MiB each, fall within texts, numbers and
    // characters.
    const items = Array.from({ length: 3 }, (_, index) => ({
      index,
      text: "ä€".repeat(200_000 + index),
      numbers: Array(1000).fill(index / 7),
    }));
    expect(await itemsOf(JSON.stringify({ items }))).toEqual(items);
  });

  it.each([
    ["an empty file", ""],
    ["a file that is cut within an item", '{"items": [{"a": 1'],
    ["a file that is cut within a text", '{"items'],
    ["a file that is cut after an item", '{"items": [{"a": 1}'],
    ["too many brackets", '{"items": []}]'],
    ["a malformed item", '{"items": [{"a": 1 2}]}'],
    ["text", "not JSON"],
  ])("refuses %s", async (_, text) => {
    await expect(itemsOf(text)).rejects.toThrow(/a\.json: content must be a whole JSON file/);
    await expect(itemsOf(text)).rejects.toThrow(lightsegError("INVALID_DATASET", "open"));
  });

  it("says where a missing file is expected", async () => {
    const reading = readJsonItems(file, { visitors: new Map(), layout: "expected DIR/a.json" });
    await expect(reading).rejects.toThrow(lightsegError("NOT_FOUND", "open"));
    await expect(reading).rejects.toThrow(/expected DIR\/a\.json/);
  });
});
