/** Writes models/manifest.json from the model files that lie beside it: `npm run manifest`. */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readDescription } from "../src/model-files/description.ts";
import { type Manifest, shippedFolder } from "../src/model-files/node/shipped.ts";
import { readWeights } from "../src/weights/node/read.ts";

async function describeFile(file: string) {
  const bytes = await readFile(join(shippedFolder, file));
  return { file, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

const manifest: Manifest = {};
const files = (await readdir(shippedFolder)).sort();
for (const file of files) {
  if (!file.endsWith(".safetensors")) continue;
  const path = join(shippedFolder, file);
  const name = file.replace(".safetensors", "");
  const quantized = `${name}.int8.onnx`;
  const description = readDescription((await readWeights(path)).metadata, path);
  if (!description) throw new Error(`${file} does not describe itself`);
  manifest[name] = {
    ...(await describeFile(file)),
    network: description.network,
    classes: description.classes.length,
    ...(files.includes(quantized) && { int8: await describeFile(quantized) }),
  };
}
await writeFile(join(shippedFolder, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
