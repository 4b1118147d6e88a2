/**
 * Bundles the workers of the browser build into dist/browser, each with onnxruntime-web in it and its .wasm
 * beside it: a page needs neither a bundler nor an import map, and nothing has to be copied by hand.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { leaveOutGradients } from "./leave-out-gradients.ts";

const from = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default defineConfig({
  base: "./",
  plugins: [leaveOutGradients()],
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: from("dist/browser"),
    // What the compiler has written beside stays.
    emptyOutDir: false,
    assetsDir: "",
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2023",
    rolldownOptions: {
      input: [from("src/browser/wasm-worker.ts"), from("src/browser/webgpu-worker.ts")],
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
});
