import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_MODEL, findModel } from "../../../src/model-files/manifest.ts";
import { loadModel } from "../../../src/model-files/node/load.ts";
import {
  findShippedModel,
  readManifest,
  readShipped,
  shippedFolder,
} from "../../../src/model-files/node/shipped.ts";
import { backbones } from "../../../src/models/zoo.ts";

describe("shipped models", () => {
  it("are what the manifest says, each under 14 MB, with a card", async () => {
    const manifest = await readManifest();
    expect(findModel(manifest, DEFAULT_MODEL)).toBeDefined();
    const said = JSON.parse(await readFile(join(shippedFolder(), "manifest.json"), "utf8"));
    for (const [name, entry] of Object.entries(manifest)) {
      expect(existsSync(join(shippedFolder(), entry.file.replace(".safetensors", ".md"))), name).toBe(true);
      expect(entry.bytes).toBeLessThan(14e6);
      if (entry.kind === "encoder") {
        expect(backbones).toHaveProperty([entry.backbone]);
        continue;
      }
      const { int8 } = entry;
      const { network, classes } = said[name];
      expect(int8?.bytes ?? 0).toBeLessThan(4.5e6);
      const loaded = await loadModel({ model: name });
      expect([loaded.network, loaded.classes.length]).toEqual([network, classes]);
    }
  });

  it("are refused when their bytes have changed or are gone", async () => {
    const entry = await findShippedModel(DEFAULT_MODEL);
    if (!entry) throw new TypeError("no default model");
    const folder = await mkdtemp(join(tmpdir(), "lightseg-shipped-"));
    try {
      await expect(readShipped(entry, folder)).rejects.toThrow(/must come with the package/);
      const bytes = await readFile(join(shippedFolder(), entry.file));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(join(folder, entry.file), bytes);
      await expect(readShipped(entry, folder)).rejects.toThrow(/must have the SHA-256/);
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(await findShippedModel("nonesuch")).toBeUndefined();
  });
});
