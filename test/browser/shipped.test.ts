import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { DEFAULT_MODEL, shippedManifestUrl, shippedUrls } from "../../src/browser/shipped.ts";
import { DEFAULT_MODEL as DEFAULT_IN_NODE, readManifest } from "../../src/model-files/node/shipped.ts";

it("names the files of all shipped models, as the manifest does", async () => {
  const files = Object.values(await readManifest()).flatMap(({ int8, ...model }) => [
    model,
    ...(int8 ? [int8] : []),
  ]);
  expect(Object.keys(shippedUrls).sort()).toEqual(files.map(({ file }) => file).sort());
  for (const { file, bytes } of files) {
    const path = fileURLToPath(shippedUrls[file] ?? "");
    expect(path.endsWith(`/models/${file}`)).toBe(true);
    expect((await readFile(path)).length).toBe(bytes);
  }
  expect(DEFAULT_MODEL).toBe(DEFAULT_IN_NODE);
  expect(JSON.parse(await readFile(shippedManifestUrl, "utf8"))).toEqual(await readManifest());
});
