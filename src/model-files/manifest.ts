import { LightsegError } from "../errors.ts";
import { isRecord } from "../is-record.ts";

/** The model that is used where none is named. */
export const DEFAULT_MODEL = "voc";

/** What the manifest says of a file. */
export interface ManifestFile {
  readonly file: string;
  readonly bytes: number;
  /** In hexadecimal, of the whole file. */
  readonly sha256: string;
}

/** A model: its file, and that of its form in int8 where it has one. */
export interface ManifestModel extends ManifestFile {
  readonly kind: "model";
  readonly int8?: ManifestFile;
}

/** Weights of an encoder, to begin training with: a file that describes no model. */
export interface ManifestEncoder extends ManifestFile {
  readonly kind: "encoder";
  /** The zoo's name of the backbone whose weights they are. */
  readonly backbone: string;
}

/**
 * `models/manifest.json`: files that come with the package, by name.
 *
 * An entry without `kind` is a model. Entries may say more for readers, such as `network` and `classes`.
 */
export type Manifest = Readonly<Record<string, ManifestModel | ManifestEncoder>>;

/**
 * Reads a manifest.
 *
 * @param file names it in errors
 * @throws LightsegError INVALID_WEIGHTS for anything but a manifest
 */
export function parseManifest(text: string, file: string): Manifest {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed))
      return Object.fromEntries(Object.entries(parsed).map(([name, entry]) => [name, readEntry(entry)]));
  } catch {}
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "parseManifest",
    file,
    argument: "the manifest",
    rule: "must be a list of models such as lightseg's models/manifest.json",
    value: text.slice(0, 60),
  });
}

/** The model, or the weights of an encoder, of this name; undefined if the manifest has none. */
export function findWeights(manifest: Manifest, name: string): Manifest[string] | undefined {
  return Object.hasOwn(manifest, name) ? manifest[name] : undefined;
}

/** The model of this name; undefined if the manifest has none. */
export function findModel(manifest: Manifest, name: string): ManifestModel | undefined {
  const entry = findWeights(manifest, name);
  return entry?.kind === "model" ? entry : undefined;
}

/** The names of all models, sorted. */
export function modelNames(manifest: Manifest): string[] {
  return Object.keys(manifest)
    .filter((name) => manifest[name]?.kind === "model")
    .sort();
}

function readEntry(entry: unknown): ManifestModel | ManifestEncoder {
  const { kind = "model", int8, backbone } = isRecord(entry) ? entry : {};
  const file = readFile(entry);
  if (kind === "encoder" && typeof backbone === "string") return { kind, ...file, backbone };
  if (kind !== "model") throw new TypeError("kind or backbone");
  return { kind, ...file, ...(int8 !== undefined && { int8: readFile(int8) }) };
}

function readFile(value: unknown): ManifestFile {
  const { file, bytes, sha256 } = isRecord(value) ? value : {};
  if (typeof file !== "string" || typeof bytes !== "number" || !Number.isSafeInteger(bytes))
    throw new TypeError("file and bytes");
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError("sha256");
  return { file, bytes, sha256 };
}
