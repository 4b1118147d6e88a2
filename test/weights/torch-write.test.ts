import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import type { Weights } from "../../src/models/weights.ts";
import { encodePytorch } from "../../src/weights/torch-write.ts";
import { python, runPython } from "../support/torch.ts";
import { decodePytorch, expectSameBits, oddWeights } from "../support/weights.ts";

/** The files of an archive as their own headers tell, up to the central directory. */
function readHeaders(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = [];
  let at = 0;
  while (view.getUint32(at, true) === 0x04034b50) {
    expect(view.getUint16(at + 8, true)).toBe(0); // stored
    const size = view.getUint32(at + 22, true);
    const extraAt = at + 30 + view.getUint16(at + 26, true);
    const start = extraAt + view.getUint16(at + 28, true);
    files.push({
      name: Buffer.from(bytes.subarray(at + 30, extraAt)).toString(),
      start,
      extra: Buffer.from(bytes.subarray(extraAt, extraAt + 2)).toString(),
      time: view.getUint16(at + 10, true),
      day: view.getUint16(at + 12, true),
      crc: view.getUint32(at + 14, true),
      data: bytes.subarray(start, start + size),
    });
    at = start + size;
  }
  return files;
}

/** A gzip file ends with the checksum of what is in it, and its length. */
function crc32(bytes: Uint8Array): number {
  const zipped = gzipSync(bytes);
  return zipped.readUInt32LE(zipped.length - 8);
}

function failureOf(action: () => unknown): LightsegError {
  try {
    action();
  } catch (error) {
    if (error instanceof LightsegError) return error;
    throw error;
  }
  throw new Error("expected a LightsegError");
}

describe("the archive", () => {
  const bytes = encodePytorch(oddWeights);
  const files = readHeaders(bytes);

  test("holds the pickle, the byte order, one file per tensor and the version", () => {
    const data = [...oddWeights.keys()].map((_, i) => `archive/data/${i}`);
    expect(files.map(({ name }) => name)).toEqual([
      "archive/data.pkl",
      "archive/byteorder",
      ...data,
      "archive/version",
    ]);
    const text = (i: number) => Buffer.from(files.at(i)?.data ?? []).toString();
    expect([text(1), text(-1)]).toEqual(["little", "3\n"]);
    expect(Buffer.from(files[2]?.data ?? []).toString("hex")).toBe("0000c07f0100807f4523c1ffffffffff");
  });

  test("aligns every file to 64 bytes, with an extra field as PyTorch does", () => {
    for (const { name, start, extra } of files) {
      expect({ name, extra, rest: start % 64 }).toEqual({ name, extra: "FB", rest: 0 });
    }
  });

  test("has the right checksums", () => {
    for (const { name, crc, data } of files) expect({ name, crc }).toEqual({ name, crc: crc32(data) });
  });

  test("does not depend on the clock", () => {
    const [day, time] = [0x0021, 0]; // 1 January 1980
    for (const file of files) expect([file.day, file.time]).toEqual([day, time]);
  });
});

describe("what is written is read back", () => {
  test("bit for bit", () => {
    expectSameBits(decodePytorch(encodePytorch(oddWeights), "x.pth"), oddWeights);
  });

  test("for any weights", () => {
    const tensor = fc.array(fc.nat(3), { maxLength: 4 }).chain((shape) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({ shape, data }));
    });
    // A prefix that all names have may be DataParallel's.
    const name = fc.string({ unit: "binary" }).filter((text) => !text.startsWith("module."));
    const weights = fc
      .array(fc.tuple(name, tensor), { minLength: 1, maxLength: 4 })
      .map((entries) => new Map(entries));
    fc.assert(
      fc.property(weights, (original) => {
        expectSameBits(decodePytorch(encodePytorch(original), "x.pth"), original);
      }),
    );
  });

  test.each([
    ["F16", [1, 0.0999755859375, -0, Infinity, NaN]],
    ["BF16", [1, 0.10009765625, -0, Infinity, NaN]],
  ] as const)("as the nearest %s", (dtype, values) => {
    const data = Float32Array.of(1, 0.1, -0, Infinity, NaN);
    const bytes = encodePytorch(new Map([["t", { shape: [5], data }]]), { dtype });
    expect(readHeaders(bytes)[2]?.data).toHaveLength(10);
    expect([...(decodePytorch(bytes, "x.pth").get("t")?.data ?? [])]).toEqual(values);
  });
});

describe("what cannot be written is refused", () => {
  const one = (name: string, shape: number[], ...values: number[]): Weights =>
    new Map([[name, { shape, data: Float32Array.from(values) }]]);

  test.each<[string, Weights, RegExp]>([
    [
      "a shape that is not filled",
      one("t", [3], 1),
      /tensor "t" must have as many values as its shape, got 1/,
    ],
    ["a name of half a character", one("\ud83c", [1], 1), /"\\ud83c" must have a name that is valid Unicode/],
    ["an extent beyond 2^31", one("t", [0, 2 ** 31]), /must have extents and strides of at most 2147483647/],
    ["a stride beyond 2^31", one("t", [0, 2 ** 16, 2 ** 16]), /of at most 2147483647, got 4294967296/],
  ])("%s", (_, weights, message) => {
    const error = failureOf(() => encodePytorch(weights));
    expect(error.code).toBe("INVALID_WEIGHTS");
    expect(error.message).toMatch(message);
  });

  test("values beyond float16", () => {
    const error = failureOf(() => encodePytorch(one("t", [2], 1, 65520), { dtype: "F16" }));
    expect(error.message).toMatch(/^encodePytorch: tensor "t" must stay below 65520 for F16, got 65520/);
  });

  test("more tensors than an archive can list", () => {
    const scalar = { shape: [], data: new Float32Array(1) };
    const many: Weights = new Map(Array.from({ length: 65_001 }, (_, i) => [`${i}`, scalar]));
    expect(failureOf(() => encodePytorch(many)).message).toMatch(/at most 65000 tensors, got 65001/);
  });
});

describe.skipIf(python === undefined)("PyTorch (needs Debian's python3-torch)", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-torch-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Loads files, prints their tensors and saves them again beside themselves. */
  const script = `
import json, sys, torch
bits = {torch.float32: torch.int32, torch.float16: torch.int16, torch.bfloat16: torch.int16}
files = []
for path in sys.argv[1:]:
    weights = torch.load(path, weights_only=True)
    files.append([type(weights).__name__, [
        [name, str(t.dtype), list(t.shape), t.is_contiguous(), t.view(bits[t.dtype]).numpy().tobytes().hex()]
        for name, t in weights.items()]])
    torch.save(weights, path + ".torch.pth")
print(json.dumps(files))
`;

  test("reads every type with weights_only, and what it writes is read here", async () => {
    // No 16-bit type holds the largest float32.
    const small = new Map([...oddWeights].filter(([name]) => name !== "largest"));
    const files = [
      { path: join(folder, "f32.pth"), type: "torch.float32", weights: oddWeights, dtype: "F32" },
      { path: join(folder, "f16.pth"), type: "torch.float16", weights: small, dtype: "F16" },
      { path: join(folder, "bf16.pth"), type: "torch.bfloat16", weights: small, dtype: "BF16" },
    ] as const;
    const expected = [];
    for (const { path, type, weights, dtype } of files) {
      const bytes = encodePytorch(weights, { dtype });
      await writeFile(path, bytes);
      const stored = readHeaders(bytes).slice(2, -1);
      const tensors = [...weights].map(([name, { shape }], i) => {
        return [name, type, shape, true, Buffer.from(stored[i]?.data ?? []).toString("hex")];
      });
      expected.push(["OrderedDict", tensors]);
    }
    expect(runPython(script, ...files.map(({ path }) => path))).toEqual(expected);

    for (const { path } of files) {
      const theirs = decodePytorch(await readFile(`${path}.torch.pth`), path);
      expectSameBits(theirs, decodePytorch(await readFile(path), path));
    }
  });
});
