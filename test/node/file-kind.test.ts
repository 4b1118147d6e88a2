import { expect, it } from "vitest";
import { describeKind } from "../../src/node/file-kind.ts";

it.each<[string, string | undefined]>([
  [
    "version https://git-lfs.github.com/spec/v1\n",
    "it is a pointer of Git LFS: git lfs pull fetches the file",
  ],
  ["<!DOCTYPE html>", "it is a page of the web: the download failed"],
  ["\0\0\0\x18ftypheic\0\0", "it is a HEIC photo of a phone: export it as JPEG"],
  ["\0\0\0\x18ftypisom\0\0", "it is a clip"],
  ["RIFF\x10\0\0\0WEBPVP8 ", "it is a photo"],
  ["RIFF\x10\0\0\0AVI LIST", undefined],
  ["BM\x36\0", "it is a BMP photo: save it as PNG"],
  ["PK\x03\x04", "it is a zip archive: unpack it"],
  ["\0\0\0\0\0\0\0\0", "it begins with zeros: a download or a copy was cut off"],
  ["", undefined],
  ["hello", undefined],
])("tells by its first bytes what %j is", (start, kind) => {
  expect(describeKind(Buffer.from(start, "latin1"))).toBe(kind);
});
