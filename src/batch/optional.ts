import { LightsegError, systemCodeOf } from "../errors.ts";

/**
 * Says what to install where a package is missing that only batches need.
 *
 * Such a package is imported in a `try` block of its own: bundlers then take it for optional, and warn where
 * it is missing instead of giving up.
 *
 * @returns DEPENDENCY with the command that installs it; what was thrown for another reason, as it is
 */
export function explainMissing(packages: string, purpose: string, cause: unknown): unknown {
  // The second is what bundles throw.
  if (!["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(systemCodeOf(cause))) return cause;
  return new LightsegError({
    code: "DEPENDENCY",
    where: "import",
    argument: packages,
    rule: `must be installed for ${purpose}`,
    hint: `npm install ${packages}`,
    cause,
  });
}
