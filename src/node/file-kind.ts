/** What `describeKind` says of a photo that can be read. */
export const IS_PHOTO = "it is a photo";

/** What files are that are taken for others, by how they begin. */
const KINDS: readonly (readonly [start: RegExp | string, what: string])[] = [
  [/^version https:/, "it is a pointer of Git LFS: git lfs pull fetches the file"],
  [/^\s*<(!doctype|html|\?xml)/i, "it is a page of the web: the download failed"],
  [/^(\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|II\*\0|MM\0\*|II\+\0|MM\0\+)/s, IS_PHOTO],
  [/^....ftyp(heic|heix|hevc|mif1|msf1)/s, "it is a HEIC photo of a phone: export it as JPEG"],
  [/^....ftyp/s, "it is a clip"],
  [/^BM/, "it is a BMP photo: save it as PNG"],
  ["\0\0\0\x0cjP  ", "it is a JPEG 2000 photo: save it as PNG"],
  [/^%PDF/, "it is a PDF"],
  ["PK\x03\x04", "it is a zip archive: unpack it"],
  ["\x1f\x8b", "it is a gzip archive: unpack it"],
  [/^\x89HDF/, "it is an HDF5 file"],
  [/^\xef\xbb\xbf/, "a text editor has put a byte order mark before it"],
  [/^\0+$/, "it begins with zeros: a download or a copy was cut off"],
];

/**
 * What a file is that cannot be read as what it was taken for, as a hint; undefined where its first bytes do
 * not tell.
 *
 * @param bytes the file, or its first 16 bytes
 */
export function describeKind(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return KINDS.find(([kind]) => (typeof kind === "string" ? start.startsWith(kind) : kind.test(start)))?.[1];
}
