import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What is optional and not installed; here under names that no package has. */
const missing = ["@aws-sdk/client-s3", "bullmq", "ioredis", "hyparquet", "hyparquet-writer"];

/** A server's program: what it asks of lightseg, each answer or error on a line. */
const PROGRAM = `
  import { decodePhoto, LightsegError, openNodeSession, readBatchStatus, Segmenter } from ${JSON.stringify(
    fileURLToPath(new URL("../src/index.ts", import.meta.url)),
  )};
  const tell = async (ask) => {
    const error = await ask().then(() => undefined, (thrown) => thrown);
    console.log(error instanceof LightsegError ? error.code + " " + error.message : String(error));
  };
  void (async () => {
    await tell(() => Segmenter.load());
    await tell(() => decodePhoto(Uint8Array.of(1, 2, 3)));
    await tell(() => openNodeSession(Uint8Array.of(1, 2, 3)));
    await tell(() => readBatchStatus({ queue: "redis://127.0.0.1:1", name: "night" }));
  })();
`;

describe("lightseg in the bundle of a server", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-bundle-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ["esm", "server.mjs"],
    ["cjs", "server.cjs"],
  ] as const)("is imported as %s, and says how to leave it out", async (format, name) => {
    const outfile = join(folder, name);
    await build({
      stdin: { contents: PROGRAM, resolveDir: folder },
      bundle: true,
      platform: "node",
      format,
      outfile,
      alias: Object.fromEntries(missing.map((name) => [name, `not-installed-${name.replace(/.*\//, "")}`])),
      // Imported where it is used, and would only make the bundle larger.
      external: ["h5wasm"],
      logLevel: "silent",
    });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [outfile]);
    expect(stderr).toBe("");
    const lines = stdout.trim().split("\n");
    expect(lines.pop()).toMatch(/^DEPENDENCY import: bullmq ioredis must be installed .*npm install bullmq/);
    const parts = ["models/", "sharp", "session-worker.mjs"];
    expect(lines).toHaveLength(parts.length);
    for (const [index, part] of parts.entries()) {
      expect(lines[index]).toMatch(
        new RegExp(`^DEPENDENCY [a-zA-Z]+: ${part} must lie where lightseg was installed`),
      );
      expect(lines[index]).toContain("esbuild --external:lightseg; Next.js serverExternalPackages");
    }
  });
});
