import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { shippedManifestUrl, shippedUrls } from "../../src/browser/shipped.ts";
import { parseManifest } from "../../src/model-files/manifest.ts";
import { readManifest } from "../../src/model-files/node/shipped.ts";

it("names the files of all shipped models, as the manifest does", async () => {
  const files = Object.values(await readManifest()).flatMap((entry) =>
    entry.kind === "model" ? [entry, ...(entry.int8 ? [entry.int8] : [])] : [],
  );
  expect(Object.keys(shippedUrls).sort()).toEqual(files.map(({ file }) => file).sort());
  for (const { file, bytes } of files) {
    const path = fileURLToPath(shippedUrls[file] ?? "");
    expect(path.endsWith(`/models/${file}`)).toBe(true);
    expect((await readFile(path)).length).toBe(bytes);
  }
  expect(parseManifest(await readFile(shippedManifestUrl, "utf8"), "")).toEqual(await readManifest());
});
