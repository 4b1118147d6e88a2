interface Format {
  /** In a sentence, after "is" or "is a". */
  readonly name: string;
  /** Its media type. */
  readonly type: string;
  /** Whether browsers open it, if it is whole. */
  readonly isPicture: boolean;
}

/** What files begin with; `.` stands for any byte. */
const signatures: readonly (readonly [start: RegExp, Format])[] = [
  [/^\xff\xd8\xff/, { name: "JPEG", type: "image/jpeg", isPicture: true }],
  [/^\x89PNG/, { name: "PNG", type: "image/png", isPicture: true }],
  [/^GIF8/, { name: "GIF", type: "image/gif", isPicture: true }],
  [/^RIFF....WEBP/s, { name: "WebP", type: "image/webp", isPicture: true }],
  [/^....ftypavi[fs]/s, { name: "AVIF", type: "image/avif", isPicture: true }],
  [/^....ftyp(hei|hev|mif1|msf1)/s, { name: "a HEIC photo", type: "image/heic", isPicture: false }],
  [/^\s*<(svg|\?xml|!--|!DOCTYPE svg)/i, { name: "SVG", type: "image/svg+xml", isPicture: true }],
  [/^(II\*\0|MM\0\*)/, { name: "a TIFF or a camera's raw file", type: "image/tiff", isPicture: false }],
  [/^8BPS/, { name: "a Photoshop file", type: "image/vnd.adobe.photoshop", isPicture: false }],
  [/^%PDF/, { name: "a PDF", type: "application/pdf", isPicture: false }],
];

/** What a file is, by its first bytes. */
export async function describeFormat(file: Blob): Promise<Format> {
  const bytes = new Uint8Array(await file.slice(0, 64).arrayBuffer());
  const start = String.fromCharCode(...bytes);
  const found = signatures.find(([pattern]) => pattern.test(start));
  if (found) return found[1];
  const name = file.size === 0 ? "empty" : `a file of another kind${file.type ? ` (${file.type})` : ""}`;
  return { name, type: "", isPicture: false };
}
