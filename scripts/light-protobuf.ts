import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const OURS = fileURLToPath(new URL("../src/browser/protobuf.ts", import.meta.url));

/** Puts the part of @bufbuild/protobuf that ONNX needs in its place, which would be half of a worker. */
export function lightProtobuf(): Plugin {
  return {
    name: "light-protobuf",
    enforce: "pre",
    resolveId: (id) => (id.startsWith("@bufbuild/protobuf") ? OURS : undefined),
  };
}
