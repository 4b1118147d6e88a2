import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { deviceFiles, packaged } from "../../src/browser/packaged.ts";
import { parseManifest } from "../../src/model-files/manifest.ts";
import { readManifest } from "../../src/model-files/node/shipped.ts";

it("names the files of all shipped models and encoders, as the manifest does", async () => {
  const files = Object.values(await readManifest()).flatMap((entry) =>
    entry.kind === "model" && entry.int8 ? [entry, entry.int8] : [entry],
  );
  const known = new Map<string, () => URL>(Object.entries(packaged));
  const models = [...known.keys()].filter((file) => /\.(safetensors|onnx)$/.test(file));
  expect(models.sort()).toEqual(files.map(({ file }) => file).sort());
  for (const { file, bytes } of files) {
    const path = fileURLToPath(known.get(file)?.() ?? "");
    expect(path.endsWith(`/models/${file}`)).toBe(true);
    expect((await readFile(path)).length).toBe(bytes);
  }
  const manifest = await readFile(packaged["manifest.json"](), "utf8");
  expect(parseManifest(manifest, "")).toEqual(await readManifest());
});

it("knows the sizes of the engines", async () => {
  const engines = dirname(createRequire(import.meta.url).resolve("onnxruntime-web"));
  for (const { engine, engineBytes } of Object.values(deviceFiles))
    expect((await stat(join(engines, engine))).size).toBe(engineBytes);
});
