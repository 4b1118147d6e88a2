import { LightsegError, systemCodeOf } from "../errors.ts";

/**
 * Loads a package that only batches need, and that therefore need not be installed.
 *
 * @param load the import itself, so that its types are known
 * @throws LightsegError DEPENDENCY with the command that installs it
 */
export async function loadOptional<T>(packages: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (systemCodeOf(cause) !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new LightsegError({
      code: "DEPENDENCY",
      where: "loadOptional",
      argument: packages,
      rule: `must be installed for ${purpose}`,
      hint: `npm install ${packages}`,
      cause,
    });
  }
}
