/**
 * Prints how much JavaScript a page loads, without onnxruntime-web, and fails where that is too much: `npm
 * run size:browser`.
 */
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { leaveOutGradients } from "./leave-out-gradients.ts";
import { lightProtobuf } from "./light-protobuf.ts";

const MOST_BYTES = 60_000;
const page = await measure("src/web.ts", []);
// A page starts one of them; a teacher for as long as it teaches.
const inference = [lightProtobuf(), leaveOutGradients()];
for (const device of ["wasm", "webgpu"]) {
  checkTotal(await measure(`src/browser/${device}-worker.ts`, inference));
  checkTotal(await measure(`src/browser/${device}-teacher.ts`, [lightProtobuf()]));
}

function checkTotal(worker: number): void {
  const total = page + worker;
  console.log(`together ${kilobytes(total)} gzipped, of ${kilobytes(MOST_BYTES)}`);
  if (total > MOST_BYTES) process.exitCode = 1;
}

/** Bytes of a bundle when compressed. @param plugins as in build-browser.ts */
async function measure(entry: string, plugins: readonly Plugin[]): Promise<number> {
  const result = await build({
    configFile: false,
    plugins: [...plugins],
    publicDir: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        // The workers are entries of their own.
        external: [/^onnxruntime-web/],
        preserveEntrySignatures: "strict",
        output: { format: "es" },
      },
    },
  });
  if (!("output" in result)) throw new Error("one bundle was asked for");
  const [chunk] = result.output;
  const gzipped = gzipSync(chunk.code, { level: 9 }).length;
  console.log(`${entry}: ${kilobytes(chunk.code.length)} minified, ${kilobytes(gzipped)} gzipped, of it`);
  const lengths = new Map<string, number>();
  for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
    const part = partOf(id);
    lengths.set(part, (lengths.get(part) ?? 0) + renderedLength);
  }
  const all = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  for (const [part, length] of [...lengths].sort((a, b) => b[1] - a[1]))
    console.log(`  ${((100 * length) / all).toFixed(0).padStart(3)} %  ${part}`);
  return gzipped;
}

/** The package of a module, or its room in our sources. */
function partOf(id: string): string {
  const path = relative(process.cwd(), id);
  const [, inPackage] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return inPackage ?? path.split("/").slice(0, 2).join("/");
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
