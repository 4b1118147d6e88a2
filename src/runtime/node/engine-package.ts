/** onnxruntime-node as a package: whether it is installed, and for this system. */
import { createRequire } from "node:module";
import { z } from "zod";
import { LightsegError, messageOf, systemCodeOf } from "../../errors.ts";
import { requireUnbundled } from "../../node/bundled.ts";

/** Name and version of the engine @throws LightsegError DEPENDENCY in a bundle */
export function describeEngine(): string {
  requireUnbundled("onnxruntime-node");
  requireEngine();
  const manifest: unknown = createRequire(import.meta.url)("onnxruntime-node/package.json");
  return `onnxruntime-node ${z.object({ version: z.string() }).parse(manifest).version}`;
}

/**
 * Makes sure that the engine is installed, which pages for browsers do without.
 *
 * @param resolve finds a package
 * @throws LightsegError DEPENDENCY with the command that installs it
 */
export function requireEngine(
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): void {
  try {
    resolve("onnxruntime-node");
  } catch (cause) {
    throw new LightsegError({
      code: "DEPENDENCY",
      where: "openSession",
      argument: "onnxruntime-node",
      rule: "must be installed, which runs networks in Node",
      hint: ENGINE_HINT,
      cause,
    });
  }
}

const ENGINE_HINT =
  "npm install onnxruntime-node@~1.30.0; ONNXRUNTIME_NODE_INSTALL=skip before it spares a download of CUDA libraries";

/** Whether an error of the engine's thread says that the package has no engine that this system can load. */
export function isUnloadable(error: unknown): boolean {
  return ["MODULE_NOT_FOUND", "ERR_DLOPEN_FAILED"].includes(systemCodeOf(error));
}

/** The error for an engine that cannot be loaded, as on systems that the package was not built for. */
export function unloadableEngine(cause: unknown): LightsegError {
  const [reason] = messageOf(cause).split("\n");
  return new LightsegError({
    code: "DEPENDENCY",
    where: "openSession",
    argument: "onnxruntime-node",
    rule: `must be loadable on this system, ${process.platform} on ${process.arch}: ${reason}`,
    hint: "it is made for Linux with glibc (not Alpine's musl) and Windows on x64 and arm64, and for macOS on arm64",
    cause,
  });
}
