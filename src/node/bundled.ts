import { readFileSync } from "node:fs";
import { LightsegError } from "../errors.ts";

const HINT =
  "leave lightseg out of the bundle: esbuild --external:lightseg; Next.js " +
  'serverExternalPackages: ["lightseg"]; Vite ssr.external: ["lightseg"]; see docs/bundling.md';

/** Whether this code was put into a bundle, away from the files that come with the package. */
export function isBundled(): boolean {
  try {
    // A CommonJS bundle has no such URL. Beside any other bundle lies somebody else's package.json.
    const text = readFileSync(
      new URL(/* webpackIgnore: true */ "../../package.json", import.meta.url),
      "utf8",
    );
    return JSON.parse(text)?.name !== "lightseg";
  } catch {
    return true;
  }
}

/**
 * Makes sure that files of the package lie where its code expects them.
 *
 * @param part what is needed, such as `models/`
 * @throws LightsegError DEPENDENCY with the configuration of bundlers that helps
 */
export function requireUnbundled(part: string): void {
  if (isBundled()) throw bundledError(part);
}

/** The error for a part of the package, or of one that it needs, that a bundler has left behind. */
export function bundledError(part: string, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "DEPENDENCY",
    where: "requireUnbundled",
    argument: part,
    rule: "must lie where lightseg was installed, and this code was moved away from there by a bundler",
    hint: HINT,
    cause,
  });
}
