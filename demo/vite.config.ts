/** The demo as a static page: `npm run demo` builds and serves it with the headers that threads need. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const from = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  root: from("."),
  base: "./",
  // The example photos.
  publicDir: from("../examples"),
  // The library as it was built, workers and all; its types are those of the sources.
  resolve: { alias: [{ find: /^.*\/src\/web\.ts$/, replacement: from("../dist/web.js") }] },
  build: { outDir: from("dist"), emptyOutDir: true, target: "es2023" },
  preview: { headers: isolated },
  server: { headers: isolated },
});
