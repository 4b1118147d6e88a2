import type { Plugin } from "vite";

/** What onnxruntime-web's script starts the engine with; `lightsegEngine` is set in runtime/web. */
const CONFIGURATION = /=\{numThreads:(\w+)\};if/g;

/** An address of a file beside the script. */
const ADDRESS = /new \w+\("ort[\w.-]+",\s*import\.meta\.url\)/g;

/**
 * Makes onnxruntime-web take its WebAssembly module from `lightsegEngine`, and takes addresses relative to
 * its script out of it: bundlers of users would look for the files. Threads start from the worker's own
 * script.
 */
export function giveEngine(): Plugin {
  return {
    name: "give-engine",
    enforce: "pre",
    transform(code, id) {
      if (!/\/onnxruntime-web\/dist\/.*\.mjs$/.test(id)) return undefined;
      if (code.match(CONFIGURATION)?.length !== 1) throw new Error(`${id} starts its engine in another way`);
      const rest = code
        .replace(CONFIGURATION, "={numThreads:$1,...globalThis.lightsegEngine};if")
        .replace(ADDRESS, "new URL(import.meta.url)");
      if (/"ort[\w.-]+",\s*import\.meta\.url/.test(rest)) throw new Error(`${id} has another address`);
      return { code: rest, map: null };
    },
  };
}
