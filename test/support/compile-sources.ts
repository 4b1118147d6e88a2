import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const compilations = join(root, "node_modules/.cache/lightseg-compiled");
const HOUR_MS = 3_600_000;

/**
 * Compiles `src/` unless that is done, and gives the folder that stands for `dist/`.
 *
 * A process that starts from it needs a second of CPU less than one that compiles as it goes. The folder's
 * name is a hash of the sources, so it never holds what they were before.
 */
export function compileSources(): string {
  const name = hashSources();
  const folder = join(compilations, name);
  if (!existsSync(folder)) compileInto(folder);
  return join(folder, "dist");
}

function hashSources(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(root, "src", name);
    if (statSync(path).isFile()) hash.update(`${name}\n`).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Another process may do the same at the same time; the first one's folder stays. */
function compileInto(folder: string): void {
  removeOld();
  const temporary = `${folder}.${randomUUID()}`;
  mkdirSync(temporary, { recursive: true });
  for (const name of ["package.json", "models"]) symlinkSync(join(root, name), join(temporary, name));
  const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
  const settings = ["-p", join(root, "tsconfig.build.json"), "--noCheck", "--declaration", "false"];
  execFileSync(process.execPath, [tsc, ...settings, "--outDir", join(temporary, "dist")], {
    stdio: "inherit",
  });
  if (existsSync(folder)) rmSync(temporary, { recursive: true });
  else renameSync(temporary, folder);
}

function removeOld(): void {
  if (!existsSync(compilations)) return;
  for (const name of readdirSync(compilations)) {
    const path = join(compilations, name);
    if (Date.now() - statSync(path).mtimeMs > HOUR_MS) rmSync(path, { recursive: true, force: true });
  }
}
