import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { LightsegError } from "../../errors.ts";

/** The folder of the models that come with the package; as far from the sources as from the built files. */
export const shippedFolder = fileURLToPath(new URL("../../../models/", import.meta.url));

/** The model that is used where none is named. */
export const DEFAULT_MODEL = "voc";

const fileSchema = z.object({
  file: z.string(),
  /** Of the file. */
  bytes: z.number().int(),
  sha256: z.string().length(64),
});
const manifestSchema = z.record(
  z.string(),
  fileSchema.extend({
    network: z.string(),
    classes: z.number().int(),
    /** The same model, quantised. */
    int8: fileSchema.optional(),
  }),
);

export type Manifest = z.output<typeof manifestSchema>;

/** What comes with the package, by name: `models/manifest.json`. */
export async function readManifest(): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(join(shippedFolder, "manifest.json"), "utf8")));
}

/** Names of the models that come with the package. */
export async function listShippedModels(): Promise<string[]> {
  return Object.keys(await readManifest()).sort();
}

/**
 * The path of a model that comes with the package, whose bytes are what the manifest says; undefined for another name, or for
 * a model that does not come in int8 where that is asked for.
 *
 * @throws LightsegError INVALID_WEIGHTS if the file is missing or has changed
 */
export async function findShippedModel(
  name: string,
  { dtype = "fp32", folder = shippedFolder }: { dtype?: "fp32" | "int8"; folder?: string } = {},
): Promise<string | undefined> {
  const manifest = await readManifest();
  const model = Object.hasOwn(manifest, name) ? manifest[name] : undefined;
  const entry = dtype === "int8" ? model?.int8 : model;
  if (!entry) return undefined;
  const path = join(folder, entry.file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw damaged(path, "is missing or cannot be read", cause);
  });
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === entry.sha256) return path;
  throw damaged(path, `must have the SHA-256 ${entry.sha256}, not ${found}`);
}

function damaged(path: string, rule: string, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    argument: path,
    rule,
    hint: "install lightseg again",
    cause,
  });
}
