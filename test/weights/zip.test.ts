import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { readZip } from "../../src/weights/zip.ts";

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
  const entries = readZip(archive(), "x");
  expect([...entries.keys()]).toEqual(["a/b", "c"]);
  expect(Buffer.from(entries.get("a/b")?.stored ?? []).toString()).toBe("hello");
  expect(entries.get("c")).toMatchObject({ compressed: false });
});

test("tells a compressed file", () => {
  const entries = readZip(zipSync({ a: new Uint8Array(1000) }, { level: 9 }), "x");
  expect(entries.get("a")?.compressed).toBe(true);
});

test("reads an archive with a comment", () => {
  const bytes = zipSync({ a: strToU8("hello") }, { level: 0, comment: "not for archives" });
  const end = Buffer.from("a comment with PK\x05\x06 in it, longer than the end record itself");
  const withComment = Buffer.concat([bytes, end]);
  withComment.writeUInt16LE(end.length, bytes.length - 2);
  expect([...readZip(withComment, "x").keys()]).toEqual(["a"]);
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

test("reads the 64-bit form", () => {
  const entries = readZip(zip64(), "x");
  expect(Buffer.from(entries.get("a")?.stored ?? []).toString()).toBe("hello");
});

test("refuses the 64-bit form without its record", () => {
  const bytes = zip64();
  bytes[find(bytes, "PK\x06\x06")] = 0;
  expect(() => readZip(bytes, "x")).toThrow(/zip64 record is missing/);
});

const twice = () => {
  const bytes = Buffer.from(zipSync({ a: new Uint8Array(1), b: new Uint8Array(1) }, { level: 0 }));
  bytes[bytes.lastIndexOf("b")] = "a".charCodeAt(0);
  return bytes;
};

test.each<[string, Buffer]>([
  ['x: the zip archive holds "a" twice', twice()],
  ['holds "a/b" encrypted', changed("PK\x01\x02", 8, 1)],
  ['"a/b" does not lie within it', changed("PK\x01\x02", 20, 255, 255, 0, 0, 255, 255, 0, 0)],
  ['"a/b" does not lie within it', changed("PK\x01\x02", 20, 6)],
  ['"a/b" has no header', changed("PK\x01\x02", 42, 1)],
  ["ends at byte", changed("PK\x01\x02", 42, 255, 255, 255, 0)],
  ["the list of its files is broken", changed("PK\x01\x02", 0, 0)],
  ["the list of its files lies outside it", changed("PK\x05\x06", 12, 255, 255, 255, 0)],
  ["it has no list of its files", changed("PK\x05\x06", 0, 0)],
  ["it has no list of its files", changed("PK\x05\x06", 20, 1)],
])("refuses a damaged archive: %s", (message, bytes) => {
  expect(() => readZip(bytes, "x")).toThrow(LightsegError);
  expect(() => readZip(bytes, "x")).toThrow(message);
});
