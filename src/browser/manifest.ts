import { LightsegError } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { shippedManifestUrl, shippedUrls } from "./shipped.ts";

/** What the manifest says of a file. */
export interface ManifestFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What it says of a model: its file, and that of its quantised form. */
export interface ManifestEntry extends ManifestFile {
  readonly int8?: ManifestFile;
}

/** Models by name: `models/manifest.json`. */
export type BrowserManifest = Readonly<Record<string, ManifestEntry>>;

/** Where the manifest and the models lie: beside the library, or in a folder of the page's own. */
export interface ModelAddresses {
  readonly manifest: URL;
  model(entry: ManifestFile): URL;
}

/** Addresses of the models in a folder. @param base defaults to the folder of the package */
export function modelAddresses(base?: string | URL): ModelAddresses {
  if (base === undefined) {
    const beside = (file: string) => new URL(file, shippedManifestUrl);
    return { manifest: shippedManifestUrl, model: ({ file }) => shippedUrls[file] ?? beside(file) };
  }
  const folder = new URL(base, document.baseURI);
  // Without it the last part of the address would be taken for a file.
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return { manifest: new URL("manifest.json", folder), model: ({ file }) => new URL(file, folder) };
}

/** @throws LightsegError INVALID_WEIGHTS for anything but a manifest */
export function parseManifest(text: string, where: string): BrowserManifest {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isManifest(parsed)) return parsed;
  } catch {}
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "Segmenter.load",
    argument: where,
    rule: "must be a list of models such as lightseg's models/manifest.json",
    value: text.slice(0, 60),
  });
}

function isManifest(value: unknown): value is BrowserManifest {
  return isRecord(value) && Object.values(value).every(isEntry);
}

function isEntry(value: unknown): value is ManifestEntry {
  return isFile(value) && (!("int8" in value) || isFile(value.int8));
}

function isFile(value: unknown): value is ManifestFile {
  return (
    isRecord(value) &&
    typeof value.file === "string" &&
    Number.isSafeInteger(value.bytes) &&
    typeof value.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(value.sha256)
  );
}
