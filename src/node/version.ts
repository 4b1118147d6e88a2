import { readFile } from "node:fs/promises";
import { z } from "zod";
import { requireUnbundled } from "./bundled.ts";

/**
 * The version of lightseg, from its package.json, which is as far from the sources as from the built files.
 *
 * @throws LightsegError DEPENDENCY in a bundle
 */
export async function readVersion(): Promise<string> {
  requireUnbundled("package.json");
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
