/** The demo as a static page: `npm run demo` builds and serves it with the headers that threads need. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const from = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const SERVICE_WORKER = "service-worker";

/**
 * Tells the service worker which files the page is made of: all but models, of which teaching needs the
 * one for ImageNet, and the engine that only pages with a GPU load; and the example photos.
 */
const listPageFiles: Plugin = {
  name: "list-page-files",
  generateBundle(_, bundle) {
    const files = Object.keys(bundle).filter(
      (file) => /imagenet/.test(file) || !/\.(safetensors|onnx)$|asyncify|^service-worker/.test(file),
    );
    const photos = readdirSync(from("../examples")).filter((file) => file.endsWith(".jpg"));
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === "chunk" && chunk.name === SERVICE_WORKER)
        chunk.code = chunk.code
          .replaceAll("PAGE_FILES", JSON.stringify(["./", ...files, ...photos]))
          .replaceAll("SITE_FILES", JSON.stringify(Object.keys(bundle)));
    }
  },
};

export default defineConfig({
  root: from("."),
  base: "./",
  // The example photos.
  publicDir: from("../examples"),
  plugins: [listPageFiles],
  // The library as it was built, workers and all; its types are those of the sources.
  resolve: { alias: [{ find: /^.*\/src\/web\.ts$/, replacement: from("../dist/web.js") }] },
  build: {
    outDir: from("dist"),
    emptyOutDir: true,
    target: "es2023",
    rolldownOptions: {
      input: { index: from("index.html"), [SERVICE_WORKER]: from("service-worker/service-worker.ts") },
      output: {
        // A service worker is in charge of the folder that it lies in.
        entryFileNames: ({ name }) => (name === SERVICE_WORKER ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  preview: { headers: isolated },
  server: { headers: isolated },
});
