/** Damaged and forged files are read or refused, within the memory that their size allows. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import type { Weights } from "../../src/models/weights.ts";
import { bytesSource } from "../../src/weights/byte-source.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/weights/safetensors.ts";
import { decodeShardIndex, readShard } from "../../src/weights/safetensors-shards.ts";
import { flatNames, keepNames } from "../../src/weights/stored-names.ts";
import { encodePytorch } from "../../src/weights/torch-write.ts";
import { decodePytorch, oddWeights } from "../support/weights.ts";
import { checkpoint, float32, legacyCheckpoint, pickleTensor, type TestTensor } from "./checkpoint-writer.ts";
import { PickleWriter } from "./pickle-writer.ts";

/** Numbers that lengths and offsets are forged with. */
const oddNumbers = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 40n,
  (1n << 53n) - 1n,
  (1n << 64n) - 1n,
];

type Change = (bytes: Buffer) => Buffer;

/** A change somewhere in a file of any length: places are parts of it, from 0 to 1. */
const change: fc.Arbitrary<Change> = (() => {
  // Not `fc.double`, most of whose numbers are very small.
  const place = fc.nat(100_000).map((part) => part / 100_000);
  const at = (bytes: Buffer, part: number) => Math.floor(part * Math.max(0, bytes.length - 8));
  return fc.oneof(
    fc.tuple(place, fc.nat(255)).map(([part, byte]) => (bytes: Buffer) => {
      bytes[at(bytes, part)] = byte;
      return bytes;
    }),
    fc.tuple(place, fc.integer({ min: -3, max: 3 })).map(([part, difference]) => (bytes: Buffer) => {
      bytes[at(bytes, part)] = (bytes[at(bytes, part)] ?? 0) + difference;
      return bytes;
    }),
    fc
      .tuple(place, fc.constantFrom(1, 2, 4, 8), fc.constantFrom(...oddNumbers))
      .map(([part, size, value]) => (bytes: Buffer) => {
        for (let i = 0; i < size && i < bytes.length; i++) {
          bytes[at(bytes, part) + i] = Number((value >> BigInt(8 * i)) & 0xffn);
        }
        return bytes;
      }),
    place.map((part) => (bytes: Buffer) => bytes.subarray(0, Math.floor(part * bytes.length))),
    // A piece again: in the place of what is there, or before it.
    fc
      .tuple(place, place, fc.nat(64), fc.boolean())
      .map(([from, to, length, replaces]) => (bytes: Buffer) => {
        const piece = bytes.subarray(at(bytes, from), at(bytes, from) + length);
        const end = at(bytes, to) + (replaces ? piece.length : 0);
        return Buffer.concat([bytes.subarray(0, at(bytes, to)), piece, bytes.subarray(end)]);
      }),
    fc.tuple(place, fc.nat(64)).map(([part, length]) => (bytes: Buffer) => {
      return Buffer.concat([bytes.subarray(0, at(bytes, part)), bytes.subarray(at(bytes, part) + length)]);
    }),
  );
})();

/** Mutates a file and checks that each result is read or refused, within its memory. */
function expectReadOrRefused(file: Uint8Array, decode: (bytes: Buffer) => Weights, numRuns: number): void {
  let refused = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = changes.reduce((changed: Buffer, apply) => apply(changed), Buffer.from(file));
      try {
        const taken = [...decode(bytes).values()].reduce((sum, { data }) => sum + data.byteLength, 0);
        expect(taken).toBeLessThanOrEqual(2 * bytes.length + 2 ** 20);
      } catch (error) {
        if (!(error instanceof LightsegError)) throw error;
        expect(error.code).toBe("INVALID_WEIGHTS");
        expect(error.message.length).toBeLessThan(5000);
        expect(error.message).not.toContain("\n");
        refused++;
      }
    }),
    { numRuns },
  );
  expect(refused).toBeGreaterThan(numRuns / 10);
}

const tensors: Record<string, TestTensor> = {
  "module.conv.weight": {
    values: float32(1, 2, 3, 4, 5, 6),
    shape: [3, 2],
    strides: [1, 3],
    parameter: true,
  },
  "module.half": { values: Uint8Array.of(0, 0x3c, 0, 0), shape: [2], storageType: "HalfStorage", size: 2 },
  "module.sparse": { values: float32(1, 2), shape: [2, 3], strides: [1, 0] },
};
const shards = [oddWeights, new Map([["last", { shape: [1], data: Float32Array.of(1) }]])].map((weights) => ({
  names: [...weights.keys()],
  bytes: encodeSafetensors(weights),
}));
const index = Buffer.from(
  JSON.stringify({
    metadata: { total_size: 100 },
    weight_map: Object.fromEntries(
      shards.flatMap(({ names }, i) => names.map((name) => [name, `${i}.safetensors`])),
    ),
  }),
);

describe("a changed file is read or refused", () => {
  const pytorch = (bytes: Buffer) => decodePytorch(bytes, "x");

  test.each<[string, Uint8Array, (bytes: Buffer) => Weights]>([
    ["zip", checkpoint(tensors), pytorch],
    ["zip as written here", encodePytorch(oddWeights), pytorch],
    ["the container from before PyTorch 1.6", legacyCheckpoint(tensors), pytorch],
    [
      "safetensors",
      encodeSafetensors(oddWeights, { metadata: { a: "b" } }),
      (bytes) => decodeSafetensors(bytes, "x").weights,
    ],
    [
      "the index of shards",
      index,
      (bytes) => {
        decodeShardIndex(bytes, "x");
        return new Map();
      },
    ],
    [
      "a shard",
      shards[0]?.bytes ?? new Uint8Array(),
      (bytes) =>
        readShard(
          bytesSource(bytes),
          new Set(shards[0]?.names),
          "x",
          keepNames(flatNames([...(shards[0]?.names ?? [])])),
        ),
    ],
  ])("%s", (_, file, decode) => {
    expect(decode(Buffer.from(file))).toBeDefined();
    expectReadOrRefused(file, decode, 2000);
  });

  test.each(["checkpoint.pth.tar", "checkpoint.pth"])("PyTorch's own %s", (name) => {
    const file = readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
    expectReadOrRefused(file, pytorch, 1000);
  });
});

describe("a checkpoint may not", () => {
  const state = (write: (pickle: PickleWriter) => void, values: Uint8Array): Uint8Array => {
    const pickle = new PickleWriter().proto().emptyDict().mark();
    write(pickle);
    return checkpoint({ t: { values, shape: [] } }, pickle.setItems().stop());
  };

  test("make much of little by naming one tensor often", () => {
    const values = new Uint8Array(100_000);
    const file = state((pickle) => {
      pickleTensor(pickle.text("t0"), "0", { values, shape: [25_000] });
      pickle.put(9);
      for (let i = 1; i < 100; i++) pickle.text(`t${i}`).get(9);
    }, values);
    expect(() => decodePytorch(file, "x")).toThrow(LightsegError);
    expect(() => decodePytorch(file, "x")).toThrow(
      /tensor "t\d+" makes the tensors take more than \d+ bytes together, twice the file \(are there tensors that share/,
    );
  });

  test("make much of little by a stride of 0", () => {
    const file = state((pickle) => {
      pickleTensor(pickle.text("t"), "0", { values: float32(1), shape: [2 ** 20], strides: [0] });
    }, float32(1));
    expect(() => decodePytorch(file, "x")).toThrow(/makes the tensors take more than/);
  });

  test("have one large storage read again and again for two elements far apart", () => {
    const values = new Uint8Array(400_000);
    const file = state((pickle) => {
      pickleTensor(pickle.text("t0"), "0", { values, shape: [2], strides: [99_999] });
      pickle.put(9);
      for (let i = 1; i < 10; i++) pickle.text(`t${i}`).get(9);
    }, values);
    expect(() => decodePytorch(file, "x")).toThrow(/makes the tensors take more than/);
  });

  test("overflow in sizes", () => {
    for (const shape of [new Array(16).fill(0x7fffffff), [...new Array(15).fill(0x7fffffff), 0]]) {
      const file = state((pickle) => {
        const strides = new Array(16).fill(0);
        pickleTensor(pickle.text("t"), "0", { values: float32(1), shape, strides });
      }, float32(1));
      if (shape.includes(0)) expect(decodePytorch(file, "x").get("t")?.data).toHaveLength(0);
      else expect(() => decodePytorch(file, "x")).toThrow(/makes the tensors take more than/);
    }
  });

  test("name tensors so that objects break", () => {
    const file = state((pickle) => {
      for (const name of ["__proto__", "constructor", ""]) {
        pickleTensor(pickle.text(name), "0", { values: float32(1), shape: [] });
      }
    }, float32(1));
    expect([...decodePytorch(file, "x").keys()]).toEqual(["__proto__", "constructor", ""]);
  });
});
