/**
 * Bundles what browsers take as one file each, after the compiler: the workers with onnxruntime-web in them
 * into dist/assets, the engine beside them, and the page's part as dist/browser/lightseg.js for pages without
 * a bundler. No file of them asks for another by an address that is relative to it, so they may be copied,
 * renamed and hashed.
 */
import { copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { build, type Plugin } from "vite";
import { deviceFiles } from "../src/browser/packaged.ts";
import { giveEngine } from "./give-engine.ts";
import { leaveOutGradients } from "./leave-out-gradients.ts";
import { lightProtobuf } from "./light-protobuf.ts";

const from = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const engines = dirname(createRequire(import.meta.url).resolve("onnxruntime-web"));
const assets = from("dist/assets");

rmSync(assets, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });
for (const { worker, teacher, engine, engineBytes } of Object.values(deviceFiles)) {
  await bundleWorker(worker, [lightProtobuf(), leaveOutGradients(), giveEngine()]);
  await bundleWorker(teacher, [lightProtobuf(), giveEngine()]);
  copyFileSync(join(engines, engine), join(assets, engine));
  const { size } = statSync(join(assets, engine));
  if (size !== engineBytes) throw new Error(`src/browser/packaged.ts: ${engine} has ${size} bytes`);
}

// Beside the modules of the compiler, so that addresses relative to them hold.
await bundle({
  entryPoints: [from("src/web.ts")],
  outfile: from("dist/browser/lightseg.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2023",
  logLevel: "warning",
});

async function bundleWorker(file: string, plugins: readonly Plugin[]): Promise<void> {
  await build({
    configFile: false,
    plugins: [...plugins],
    publicDir: false,
    logLevel: "warn",
    build: {
      outDir: assets,
      emptyOutDir: false,
      modulePreload: false,
      target: "es2023",
      rolldownOptions: {
        input: from(`src/browser/${file.replace(".js", ".ts")}`),
        output: { entryFileNames: file, codeSplitting: false },
      },
    },
  });
}
