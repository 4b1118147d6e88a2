import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { bytesSource } from "../../src/weights/byte-source.ts";
import { openZip } from "../../src/weights/zip.ts";

/** The files of an archive with their bytes as latin1 text. */
function filesOf(bytes: Buffer): Record<string, string> {
  const { names, locate } = openZip(bytesSource(bytes), "x");
  return Object.fromEntries(
    [...names].map((name) => [name, bytes.subarray(locate(name).start, locate(name).end).toString("latin1")]),
  );
}

const archive = () => Buffer.from(zipSync({ "a/b": strToU8("hello"), c: new Uint8Array() }, { level: 0 }));

/** The position of the record with this signature, e.g. `PK\x01\x02`. */
function find(bytes: Buffer, signature: string): number {
  return bytes.indexOf(signature, 0, "latin1");
}

/** The archive with a 16- or 32-bit field of its first central entry (`PK\x01\x02`) or its end changed. */
function changed(signature: string, offset: number, ...values: number[]): Buffer {
  const bytes = archive();
  bytes.set(values, find(bytes, signature) + offset);
  return bytes;
}

test("lists files with their bytes", () => {
  expect(filesOf(archive())).toEqual({ "a/b": "hello", c: "" });
});

test("tells names apart that a file system may not", () => {
  const texts = { a: "1", A: "2", "./a": "3", "a/": "4" };
  const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, strToU8(text)]));
  expect(filesOf(Buffer.from(zipSync(files, { level: 0 })))).toEqual(texts);
});

test("reads an archive with a comment", () => {
  const bytes = zipSync({ a: strToU8("hello") }, { level: 0 });
  const comment = Buffer.from("a comment with PK\x05\x06 in it, longer than the end record itself");
  const withComment = Buffer.concat([bytes, comment]);
  withComment.writeUInt16LE(comment.length, bytes.length - 2);
  expect(filesOf(withComment)).toEqual({ a: "hello" });
});

/** An archive of one file whose sizes, position and directory are given in 64 bits only. */
function zip64(): Buffer {
  const name = Buffer.from("a");
  const data = Buffer.from("hello");
  const local = Buffer.alloc(30);
  local.write("PK\x03\x04", "latin1");
  local.writeUInt16LE(name.length, 26);

  const central = Buffer.alloc(46);
  central.write("PK\x01\x02", "latin1");
  central.fill(0xff, 20, 28);
  central.writeUInt16LE(name.length, 28);
  // Another extra field of 2 bytes comes first.
  const extra = Buffer.alloc(6 + 4 + 24);
  extra.writeUInt16LE(0x7777, 0);
  extra.writeUInt16LE(2, 2);
  extra.writeUInt16LE(1, 6);
  extra.writeUInt16LE(24, 8);
  extra.writeBigUInt64LE(5n, 10);
  extra.writeBigUInt64LE(5n, 18);
  central.writeUInt16LE(extra.length, 30);
  central.fill(0xff, 42, 46);
  const front = Buffer.concat([local, name, data]);
  const directory = Buffer.concat([central, name, extra]);

  const end64 = Buffer.alloc(56);
  end64.write("PK\x06\x06", "latin1");
  end64.writeBigUInt64LE(1n, 32);
  end64.writeBigUInt64LE(BigInt(directory.length), 40);
  end64.writeBigUInt64LE(BigInt(front.length), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(front.length + directory.length), 8);
  const end = Buffer.alloc(22, 0xff);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(0, 20);
  return Buffer.concat([front, directory, end64, locator, end]);
}

/** The 64-bit form with bytes behind a signature changed. */
function changed64(signature: string, offset: number, ...values: number[]): Buffer {
  const bytes = zip64();
  bytes.set(values, find(bytes, signature) + offset);
  return bytes;
}

test("reads the 64-bit form", () => {
  expect(filesOf(zip64())).toEqual({ a: "hello" });
  // What fits the narrow fields may stand there as well.
  expect(filesOf(changed64("PK\x05\x06", 10, 1, 0))).toEqual({ a: "hello" });
});

test.each<[string, Buffer]>([
  ["its zip64 record is missing", changed64("PK\x06\x06", 0, 0)],
  ["its zip64 record is missing", changed64("PK\x06\x07", 8, 0)],
  ["its zip64 record is missing", changed64("PK\x06\x07", 15, 255)],
  ["its zip64 record contradicts the end of it", changed64("PK\x05\x06", 10, 2, 0)],
  ["its zip64 record contradicts the end of it", changed64("PK\x05\x06", 12, 1, 0, 0, 0)],
  ["its zip64 record contradicts the end of it", changed64("PK\x05\x06", 16, 1, 0, 0, 0)],
  ["the list of its files lies outside it", changed64("PK\x06\x06", 47, 255)],
  ["the list of its files has another length", changed64("PK\x06\x06", 32, 2)],
  ["a zip64 field is too short", changed64("PK\x01\x02", 46 + 1 + 6 + 2, 8)],
  ["an extra field is longer than all of them", changed64("PK\x01\x02", 46 + 1 + 2, 200)],
  ['"a" has no room in it', changed64("PK\x01\x02", 46 + 1 + 6 + 4 + 7, 255, 5, 0, 0, 0, 0, 0, 0, 255)],
  ['"a" has two sizes', changed64("PK\x01\x02", 46 + 1 + 6 + 4, 6)],
  // Without the field, 4294967295 is a size like any other.
  ['"a" has no room in it', changed64("PK\x01\x02", 46 + 1 + 6, 2)],
])("refuses a damaged 64-bit form: %s", (message, bytes) => {
  expect(() => filesOf(bytes)).toThrow(LightsegError);
  expect(() => filesOf(bytes)).toThrow(message);
});

const twoFiles = () => Buffer.from(zipSync({ a: strToU8("1234"), b: strToU8("5678") }, { level: 0 }));

const twice = () => {
  const bytes = twoFiles();
  bytes[bytes.lastIndexOf("b")] = "a".charCodeAt(0);
  return bytes;
};

/** The second file starts where the first does. */
const shared = () => {
  const bytes = twoFiles();
  bytes.writeUInt32LE(0, bytes.lastIndexOf("PK\x01\x02", undefined, "latin1") + 42);
  return bytes;
};

test.each<[string, Buffer]>([
  ['x: the zip archive holds "a" twice', twice()],
  ['"a" has no room in it', shared()],
  ['holds "a/b" encrypted', changed("PK\x01\x02", 8, 1)],
  ['holds "a/b" compressed, which torch.save never does', changed("PK\x01\x02", 10, 8)],
  ['"a/b" has no room in it', changed("PK\x01\x02", 20, 255, 255, 0, 0, 255, 255, 0, 0)],
  ['"a/b" has no room in it', changed("PK\x01\x02", 20, 6, 0, 0, 0, 6)],
  ['"a/b" has two sizes', changed("PK\x01\x02", 20, 6)],
  ['"a/b" has no header', changed("PK\x03\x04", 0, 1)],
  ['"a/b" has another name in the header before it', changed("PK\x03\x04", 30, 65)],
  ['"a/b" has another name in the header before it', changed("PK\x03\x04", 26, 2)],
  ["in the middle of an item", changed("PK\x03\x04", 26, 4)],
  ['"a/b" has no room in it', changed("PK\x03\x04", 28, 1)],
  ['"a/b" has no room in it', changed("PK\x01\x02", 42, 255, 255, 255, 0)],
  ["the list of its files is broken", changed("PK\x01\x02", 0, 0)],
  ["the list of its files lies outside it", changed("PK\x05\x06", 12, 255, 255, 255, 0)],
  ["the list of its files has another length", changed("PK\x05\x06", 10, 1)],
  ["it has no list of its files", changed("PK\x05\x06", 0, 0)],
  ["it has no list of its files", changed("PK\x05\x06", 20, 1)],
])("refuses a damaged archive: %s", (message, bytes) => {
  expect(() => filesOf(bytes)).toThrow(LightsegError);
  expect(() => filesOf(bytes)).toThrow(message);
});

test("refuses a file that is not there", () => {
  expect(() => openZip(bytesSource(archive()), "x").locate("a")).toThrow('x: the zip archive holds no "a"');
});
