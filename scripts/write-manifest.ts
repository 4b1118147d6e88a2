/**
 * Writes models/manifest.json from the files that lie beside it: `npm run manifest`. A safetensors file that
 * describes a model is one, by the name of the file. Any other has weights of an encoder:
 * BACKBONE-NAME.safetensors.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readDescription } from "../src/model-files/description.ts";
import type { Manifest } from "../src/model-files/manifest.ts";
import { shippedFolder } from "../src/model-files/node/shipped.ts";
import { backbones } from "../src/models/zoo.ts";
import { decodeSafetensors } from "../src/weights/safetensors.ts";

async function describeFile(file: string) {
  const bytes = await readFile(join(shippedFolder(), file));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes, entry: { file, bytes: bytes.length, sha256 } };
}

const manifest: Record<string, Manifest[string] & { network?: string; classes?: number }> = {};
const files = (await readdir(shippedFolder())).sort();
for (const file of files) {
  if (!file.endsWith(".safetensors")) continue;
  const name = file.replace(".safetensors", "");
  const { bytes, entry } = await describeFile(file);
  const description = readDescription(decodeSafetensors(bytes, file).metadata, file);
  if (!description) {
    const backbone = Object.keys(backbones).find((known) => name.startsWith(`${known}-`));
    if (backbone === undefined) throw new TypeError(`${file} must begin with the name of a backbone`);
    manifest[name.slice(backbone.length + 1)] = { kind: "encoder", ...entry, backbone };
    continue;
  }
  const quantized = `${name}.int8.onnx`;
  const int8 = files.includes(quantized) ? (await describeFile(quantized)).entry : undefined;
  manifest[name] = {
    kind: "model",
    ...entry,
    network: description.network,
    classes: description.classes.length,
    ...(int8 && { int8 }),
  };
}
await writeFile(join(shippedFolder(), "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
