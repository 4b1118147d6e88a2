import { describe, expect, it } from "vitest";
import { decodePhoto } from "../../../src/images/node/decode.ts";
import { readTiffBands } from "../../../src/images/node/tiff.ts";
import { rejectionOf } from "../helpers.ts";

interface Tiff {
  /** Of one pixel; its bytes, in order. */
  samples: readonly number[];
  bands: number;
  bits?: number;
  /** 1 unsigned, 2 signed, 3 float. */
  format?: number;
  photometric?: number;
  /** 0 unspecified, 1 and 2 transparency. */
  extra?: readonly number[];
  littleEndian?: boolean;
  /** More tags, at the end. */
  others?: readonly [tag: number, values: readonly number[]][];
}

/** A TIFF of one pixel, made by hand, so that its tags can be chosen freely. */
function tiff({
  samples,
  bands,
  bits = 8,
  format = 1,
  photometric = 2,
  extra,
  littleEndian = true,
  others = [],
}: Tiff) {
  const short = (values: readonly number[]) => {
    const bytes = Buffer.alloc(2 * values.length);
    for (const [index, value] of values.entries())
      new DataView(bytes.buffer, bytes.byteOffset).setUint16(2 * index, value, littleEndian);
    return bytes;
  };
  const long = (value: number) => {
    const bytes = Buffer.alloc(4);
    if (littleEndian) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const each = (value: number) => Array.from({ length: bands }, () => value);
  const tags: [tag: number, values: readonly number[]][] = [
    [256, [1]],
    [257, [1]],
    [258, each(bits)],
    [259, [1]],
    [262, [photometric]],
    [273, [8]],
    [277, [bands]],
    [278, [1]],
    [279, [samples.length]],
    ...(extra ? [[338, extra] as [number, readonly number[]]] : []),
    [339, each(format)],
    ...others,
  ];
  const directory = 8 + samples.length + (samples.length % 2);
  let beyond = directory + 2 + 12 * tags.length + 4;
  const values: Buffer[] = [];
  const entries = tags.map(([tag, numbers]) => {
    const bytes = short(numbers);
    const field = bytes.length <= 4 ? Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]) : long(beyond);
    if (bytes.length > 4) {
      values.push(bytes);
      beyond += bytes.length;
    }
    return Buffer.concat([short([tag, 3]), long(numbers.length), field]);
  });
  return Buffer.concat([
    Buffer.from(littleEndian ? "II" : "MM"),
    short([42]),
    long(directory),
    Buffer.from(samples),
    Buffer.alloc(samples.length % 2),
    short([tags.length]),
    ...entries,
    long(0),
    ...values,
  ]);
}

const pixelOf = async (options: Tiff) => [...(await decodePhoto(tiff(options))).data];

describe("decodePhoto of TIFFs", () => {
  it.each([true, false])(
    "leaves out a fourth band that is not tagged as transparency",
    async (littleEndian) => {
      const samples = [190, 50, 40, 80];
      expect(await pixelOf({ samples, bands: 4, littleEndian })).toEqual([190, 50, 40]);
      expect(await pixelOf({ samples, bands: 4, extra: [0], littleEndian })).toEqual([190, 50, 40]);
      const sixteen = [190, 190, 50, 50, 40, 40, 80, 80];
      expect(await pixelOf({ samples: sixteen, bands: 4, bits: 16, littleEndian })).toEqual([190, 50, 40]);
      expect(await pixelOf({ samples: [90, 7], bands: 2, photometric: 1, littleEndian })).toEqual([
        90, 90, 90,
      ]);
    },
  );

  it("reads one whose tags are out of order or say things that decoders stumble over", async () => {
    const others: [number, number[]][] = [
      [33550, []],
      [270, [65]],
    ];
    expect(await pixelOf({ samples: [1, 2, 3], bands: 3, others })).toEqual([1, 2, 3]);
    const cut = tiff({ samples: [1, 2, 3], bands: 3, others, littleEndian: false });
    for (let length = 0; length < cut.length - 12; length += 5)
      await rejectionOf(decodePhoto(cut.subarray(0, length)), "INVALID_IMAGE");
  });

  it("composites one that is tagged so on white", async () => {
    expect(await pixelOf({ samples: [190, 50, 40, 0], bands: 4, extra: [2] })).toEqual([255, 255, 255]);
    expect(await pixelOf({ samples: [190, 50, 40, 255], bands: 4, extra: [2] })).toEqual([190, 50, 40]);
    expect(await pixelOf({ samples: [90, 0], bands: 2, photometric: 1, extra: [2] })).toEqual([
      255, 255, 255,
    ]);
  });

  it("reads unsigned integers of 8 and 16 bits, gray and RGB", async () => {
    expect(await pixelOf({ samples: [1, 2, 3], bands: 3 })).toEqual([1, 2, 3]);
    expect(await pixelOf({ samples: [9, 200], bands: 1, bits: 16, photometric: 1 })).toEqual([200, 200, 200]);
  });

  it.each([
    [
      { samples: Array(12).fill(0), bands: 3, bits: 32, format: 3 },
      'unsigned integers, got "32-bit floating',
    ],
    [
      { samples: [0, 0, 0, 63], bands: 1, bits: 32, format: 3, photometric: 1 },
      "32-bit floating-point numbers",
    ],
    [{ samples: [1, 2, 3], bands: 3, format: 2 }, '"8-bit signed integers" (scale it to 8 or 16 bits first'],
    [{ samples: [1, 2], bands: 1, bits: 16, format: 2, photometric: 1 }, "16-bit signed integers"],
    [
      { samples: [1, 2, 3, 4], bands: 1, bits: 32, photometric: 1 },
      "must have at most 16 bits a band, got 32",
    ],
    [{ samples: [1, 2, 3, 4, 5], bands: 5 }, "must have 3 or 4 bands, as its tags say RGB, got 5"],
    [{ samples: [1, 2, 3, 4, 5], bands: 5, extra: [0, 2] }, "must have 3 or 4 bands"],
    [{ samples: [1, 2], bands: 2 }, "must have 3 or 4 bands, as its tags say RGB, got 2"],
    [
      { samples: [1, 2, 3, 4], bands: 4, photometric: 1 },
      "must have 1 or 2 bands, as its tags say gray, got 4",
    ],
  ])("refuses others and says what it got", async (options, said) => {
    expect((await rejectionOf(decodePhoto(tiff(options)), "INVALID_IMAGE")).message).toContain(said);
  });
});

describe("readTiffBands", () => {
  it("says nothing of what is cut short", () => {
    const whole = tiff({ samples: [1, 2, 3], bands: 3 });
    for (const length of [0, 3, 7]) expect(readTiffBands(whole.subarray(0, length))).toBeUndefined();
    expect(readTiffBands(whole)).toEqual({ hasAlpha: false });
  });
});
