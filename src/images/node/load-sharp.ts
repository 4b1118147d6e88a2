import { LightsegError, messageOf } from "../../errors.ts";
import { bundledError, isBundled } from "../../node/bundled.ts";

/**
 * Loads sharp where it is first needed. It loads native code, which would end the import of lightseg in a
 * bundle.
 *
 * @throws LightsegError DEPENDENCY if sharp cannot be loaded
 */
export async function loadSharp(): Promise<typeof import("sharp").default> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    if (isBundled()) throw bundledError("sharp", cause);
    throw new LightsegError({
      code: "DEPENDENCY",
      where: "loadSharp",
      argument: "sharp",
      rule: `must be installed for this system: ${messageOf(cause)}`,
      hint: "npm install sharp --include=optional",
      cause,
    });
  }
}
