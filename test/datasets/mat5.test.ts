import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMat5 } from "../../src/datasets/mat5.ts";
import { readText } from "../../src/datasets/mat5-elements.ts";
import { LightsegError } from "../../src/errors.ts";
import { lightsegError } from "../support/errors.ts";
import { join, Mat5Builder } from "./mat5-builder.ts";

const refused = lightsegError("INVALID_DATASET", "readMat5");
const numbers = (dims: number[], data: number[]) => ({
  kind: "numbers",
  dims,
  data: Float64Array.from(data),
});
const mat = new Mat5Builder();

describe.each(["little", "big"] as const)("readMat5, %s-endian", (byteOrder) => {
  const build = new Mat5Builder(byteOrder);
  const matrix = build.uint8s([2, 3], [1, 2, 3, 4, 5, 255], "mask");

  it("reads an array, compressed or not, and an array stored in a smaller type than its class", () => {
    const doubles = build.doubles([1, 2], [894, 40], "mapClass");
    const expected = new Map([
      ["mask", numbers([2, 3], [1, 2, 3, 4, 5, 255])],
      ["mapClass", numbers([1, 2], [894, 40])],
    ]);
    expect(readMat5(build.file(matrix, doubles), "a.mat")).toEqual(expected);
    expect(readMat5(build.file(build.compressed(matrix), build.compressed(doubles)), "a.mat")).toEqual(
      expected,
    );
  });

  it("reads data kept in a tag", () => {
    const tiny = build.matrix(8, [1, 3], "a", build.small(1, Uint8Array.of(0xff, 1, 2)));
    expect(readMat5(build.file(tiny), "a.mat").get("a")).toEqual(numbers([1, 3], [-1, 1, 2]));
  });

  it("reads structs, and passes over cells, text and what else it does not know", () => {
    const text = build.matrix(4, [1, 2], "", build.small(17, Uint8Array.of(104, 0, 105, 0)));
    const sparse = build.matrix(5, [2, 2], "", build.element(5, new Uint8Array(4)));
    const cells = build.cells([2, 1], [sparse, text]);
    const fields = { Boundaries: cells, Segmentation: build.uint8s([1, 1], [7]), name: text, sparse };
    const bytes = build.file(build.cells([1, 1], [text], "names"), build.struct(fields, "GTcls"));
    expect(readMat5(bytes, "a.mat").get("GTcls")).toEqual({
      kind: "struct",
      dims: [1, 1],
      elements: [
        new Map<string, unknown>([
          ["Boundaries", { kind: "other" }],
          ["Segmentation", numbers([1, 1], [7])],
          ["name", { kind: "other" }],
          ["sparse", { kind: "other" }],
        ]),
      ],
    });
  });
});

describe("readMat5", () => {
  it("reads each stored type of number", () => {
    const values: [type: number, data: Uint8Array, expected: number][] = [
      [3, bytesOf(Int16Array.of(-300)), -300],
      [6, bytesOf(Uint32Array.of(4_000_000_000)), 4_000_000_000],
      [7, bytesOf(Float32Array.of(0.5)), 0.5],
      [9, bytesOf(Float64Array.of(-0.1)), -0.1],
      [12, bytesOf(BigInt64Array.of(-5n)), -5],
      [13, bytesOf(BigUint64Array.of(2n ** 40n)), 2 ** 40],
    ];
    for (const [type, data, expected] of values) {
      const bytes = mat.file(mat.matrix(6, [1, 1], "x", mat.element(type, data)));
      expect(readMat5(bytes, "a.mat").get("x")).toEqual(numbers([1, 1], [expected]));
    }
  });

  it("takes the real part of a complex array, and an empty element for []", () => {
    const parts = [mat.element(2, Uint8Array.of(3)), mat.element(2, Uint8Array.of(9))];
    const bytes = mat.file(
      mat.matrix(6, [1, 1], "z", ...parts),
      mat.struct({ empty: mat.element(14, new Uint8Array()) }, "s"),
    );
    expect(readMat5(bytes, "a.mat").get("z")).toEqual(numbers([1, 1], [3]));
    const elements = [new Map([["empty", numbers([0, 0], [])]])];
    expect(readMat5(bytes, "a.mat").get("s")).toMatchObject({ elements });
  });

  it("says what another kind of file is", () => {
    const v73 = mat.file();
    v73.set([0, 2], 124);
    expect(() => readMat5(v73, "a.mat")).toThrow(/a\.mat: \w+ must be .* level 5, got "one of version 7\.3/);
    expect(() => readMat5(new Uint8Array(200), "a.mat")).toThrow(/got "another kind of file"/);
    expect(() => readMat5(new Uint8Array(12), "a.mat")).toThrow(/got "12 bytes"/);
  });

  it.each([
    ["a wrong count", mat.uint8s([2, 2], [1, 2, 3], "m"), /must have 4 numbers in m, got 3/],
    ["one dimension", mat.uint8s([3], [1, 2, 3], "m"), /two or more dimensions, got \[3\]/],
    ["a negative dimension", mat.uint8s([2 ** 32 - 1, 1], [1], "m"), /two or more dimensions, got \[-1, 1\]/],
    [
      "a million structs in no bytes",
      mat.matrix(
        2,
        [1000, 1000],
        "s",
        mat.small(5, Uint8Array.of(1, 0, 0, 0)),
        mat.element(1, Uint8Array.of(97)),
      ),
      /hold the 1000000 arrays.*"0 bytes"/,
    ],
    [
      "numbers of no numeric type",
      mat.matrix(9, [1, 1], "m", mat.element(18, new Uint8Array(4))),
      /numeric type, got 18/,
    ],
    [
      "fields that are no arrays",
      mat.struct({ field: mat.element(2, Uint8Array.of(1)) }),
      /arrays within arrays, got 2/,
    ],
    ["damaged compression", mat.element(15, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)), /undamaged variables/],
    ["compression of nothing", mat.compressed(new Uint8Array()), /must be a whole MATLAB file/],
    [
      "structs without end",
      Array.from({ length: 20 }).reduce<Uint8Array>(
        (inner) => mat.struct({ inner }),
        mat.uint8s([1, 1], [1]),
      ),
      /nested at most 16 deep/,
    ],
  ])("refuses %s", (_, element, message) => {
    expect(() => readMat5(mat.file(element), "a.mat")).toThrow(message);
    expect(() => readMat5(mat.file(element), "a.mat")).toThrow(refused);
  });

  it("refuses a variable that inflates to more than 256 MiB", () => {
    const zeros = mat.compressed(new Uint8Array(256 * 1024 * 1024 + 1));
    expect(zeros.length).toBeLessThan(1024 * 1024);
    expect(() => readMat5(mat.file(zeros), "a.mat")).toThrow(/at most 268435456 bytes/);
  });

  const whole = mat.file(
    mat.struct(
      { Segmentation: mat.uint8s([2, 2], [1, 2, 3, 4]), names: mat.cells([1, 1], [mat.uint8s([1, 1], [1])]) },
      "GTcls",
    ),
    mat.compressed(mat.uint8s([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9], "m")),
  );

  it("refuses a file cut within a variable", () => {
    const second = whole.length - mat.compressed(mat.uint8s([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9], "m")).length;
    for (let length = 0; length < whole.length; length++) {
      // What ends after the header or after a variable is a whole file.
      if (length === 128 || length === second) continue;
      expect(() => readMat5(whole.subarray(0, length), "a.mat"), `${length}`).toThrow(refused);
    }
  });

  it("reads a damaged file or refuses it, and never fails otherwise", () => {
    const damage = fc.array(
      fc.record({ at: fc.integer({ min: 124, max: whole.length - 1 }), byte: fc.nat(255) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(damage, (places) => {
        const bytes = join(whole);
        for (const { at, byte } of places) bytes[at] = byte;
        try {
          readMat5(bytes, "a.mat");
        } catch (error) {
          expect(error).toBeInstanceOf(LightsegError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The bytes of a typed array, which this machine and all that run these tests keep little-endian. */
function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

it("reads texts of each kind that MATLAB writes", () => {
  const source = { littleEndian: true, file: "a.mat" };
  const read = (type: number, text: NodeJS.ArrayBufferView) =>
    readText({ type, bytes: new Uint8Array(text.buffer, text.byteOffset, text.byteLength) }, source);
  const codes = Array.from("größe", (character) => character.charCodeAt(0));
  // UTF-8, UTF-16, UTF-32, and plain numbers.
  expect(read(16, new TextEncoder().encode("größe"))).toBe("größe");
  expect(read(17, Uint16Array.from(codes))).toBe("größe");
  expect(read(18, Uint32Array.from(codes))).toBe("größe");
  expect(read(4, Uint16Array.from(codes))).toBe("größe");
});
