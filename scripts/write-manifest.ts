/** Writes models/manifest.json from the model files that lie beside it: `npm run manifest`. */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, shippedFolder } from "../src/inference/shipped-models.ts";
import { readDescription } from "../src/models/model.ts";
import { readWeights } from "../src/weights/read.ts";

const manifest: Manifest = {};
for (const file of (await readdir(shippedFolder)).sort()) {
  if (!file.endsWith(".safetensors")) continue;
  const path = join(shippedFolder, file);
  const bytes = await readFile(path);
  const description = readDescription((await readWeights(path)).metadata, path);
  if (!description) throw new Error(`${file} does not describe itself`);
  manifest[file.replace(".safetensors", "")] = {
    file,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    network: description.network,
    classes: description.classes.length,
  };
}
await writeFile(join(shippedFolder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
