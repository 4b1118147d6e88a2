import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { DEFAULT_MODEL, shippedManifestUrl, shippedUrls } from "../../src/browser/shipped.ts";
import {
  DEFAULT_MODEL as DEFAULT_IN_NODE,
  listShippedModels,
  readManifest,
} from "../../src/inference/shipped-models.ts";

it("names every shipped model, and the file that the manifest names", async () => {
  expect(Object.keys(shippedUrls).sort()).toEqual(await listShippedModels());
  for (const [name, { file, bytes }] of Object.entries(await readManifest())) {
    const path = fileURLToPath(shippedUrls[name] ?? "");
    expect(path.endsWith(`/models/${file}`)).toBe(true);
    expect((await readFile(path)).length).toBe(bytes);
  }
  expect(DEFAULT_MODEL).toBe(DEFAULT_IN_NODE);
  expect(JSON.parse(await readFile(shippedManifestUrl, "utf8"))).toEqual(await readManifest());
});
