import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import type { Weights } from "../../src/models/weights.ts";
import { bytesSource } from "../../src/weights/byte-source.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { decodeShardIndex, readShard } from "../../src/weights/safetensors-shards.ts";
import { flatNames, keepNames } from "../../src/weights/stored-names.ts";

function decode(text: string) {
  return decodeShardIndex(Buffer.from(text), "i.json");
}

describe("the index", () => {
  test("says which file holds which tensor", () => {
    const index = decode(`{
      "metadata": {"total_size": 12, "format": "pt", "__proto__": "x"},
      "weight_map": {"a": "1.safetensors", "b": "2.safetensors", "__proto__": "1.safetensors"},
      "version": [1, {"of": null}]
    }`);
    expect([...index.shards]).toEqual([
      ["1.safetensors", new Set(["a", "__proto__"])],
      ["2.safetensors", new Set(["b"])],
    ]);
    expect(Object.entries(index.metadata)).toEqual([
      ["format", "pt"],
      ["__proto__", "x"],
    ]);
  });

  test.each(["../a", "a/b", "a\\b", "/a", "..", "a..b", "C:a", "", "a\0b", "a\n../b"])(
    "may not name the file %j",
    (file) => {
      const text = JSON.stringify({ weight_map: { "conv.weight": file } });
      expect(() => decode(text)).toThrow(LightsegError);
      expect(() => decode(text)).toThrow(
        `i.json: tensor "conv.weight" must be in a file beside the index, got ${JSON.stringify(file)}`,
      );
    },
  );

  test.each([
    ["must have a weight_map", "{}"],
    ["must have a weight_map", '{"weight_map":{}}'],
    ['holds the key "a" twice', '{"weight_map":{"a":"1","a":"2"}}'],
    ["is not valid JSON at character 14", '{"weight_map":["a"]}'],
    ["is not valid JSON at character 19", '{"weight_map":{"a":1}}'],
    ["is not valid JSON at character 12", '{"metadata":7}'],
    ["is not valid JSON at character 0", "[]"],
    ["is not valid JSON at character 24", '{"weight_map":{"a":"b"}}}'],
  ])("is refused if it %s", (message, text) => {
    expect(() => decode(text)).toThrow(LightsegError);
    expect(() => decode(text)).toThrow(`i.json: the index ${message}`);
  });

  test("is refused if it is not UTF-8", () => {
    expect(() => decodeShardIndex(Uint8Array.of(0x7b, 0xff), "i")).toThrow("i: the index is not UTF-8");
  });
});

describe("a shard", () => {
  const weights: Weights = new Map([
    ["a", { shape: [2], data: Float32Array.of(1, 2) }],
    ["b", { shape: [], data: Float32Array.of(3) }],
  ]);
  const read = (names: string[], wanted = names) =>
    readShard(
      bytesSource(encodeSafetensors(weights)),
      new Set(names),
      "1.safetensors",
      keepNames(flatNames(wanted)),
    );

  test("gives the tensors that are wanted", () => {
    expect(read(["b", "a"])).toEqual(weights);
    expect([...read(["a", "b"], ["b"])]).toEqual([...weights].slice(1));
  });

  test("must hold what the index says, and nothing else", () => {
    expect(() => read(["a", "b", "c"])).toThrow(
      '1.safetensors: tensor "c" must be in this file, as the index says',
    );
    expect(() => read(["a"])).toThrow(
      '1.safetensors: tensor "b" must not be in this file: the index does not say so',
    );
    expect(() => read(["a"])).toThrow(LightsegError);
  });
});
