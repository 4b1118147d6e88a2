/**
 * Compiles the TypeScript of README, guides and examples against the built package, as users resolve it, with
 * both module resolutions: `npx tsx scripts/check-snippets.ts`, after `npm run build`.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const resolutions = [
  { module: "esnext", moduleResolution: "bundler" },
  { module: "node16", moduleResolution: "node16" },
];

/** What a reader has in his page or program where a snippet begins. */
const surroundings = `import type { Segmentation } from "lightseg/web";
declare global {
  const image: HTMLImageElement;
  const video: HTMLVideoElement;
  const canvas: HTMLCanvasElement;
  const strokes: Uint8Array;
  function draw(frame: ImageBitmap, segmentation: Segmentation): void;
  function show(picture: ImageBitmap): void;
}
`;

// Within the repository, where the types of Node and of lightseg's dependencies are found.
mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
const folder = mkdtempSync(join(root, "node_modules/.cache/lightseg-snippets-"));
try {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/lightseg"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(folder, "surroundings.ts"), surroundings);
  const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  const count = ["README.md", ...guides.map((name) => `docs/${name}`)].reduce(
    (sum, page) => sum + writeSnippets(page),
    0,
  );
  cpSync(join(root, "examples"), folder, { recursive: true, filter: (path) => !/\.(jpg|png)$/.test(path) });
  for (const resolution of resolutions) compile(resolution);
  console.log(`${count} snippets and the examples compile`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Writes each snippet of a page to a module. Those that import nothing continue the one before. */
function writeSnippets(page: string): number {
  const snippets: string[] = [];
  for (const [, text = ""] of readFileSync(join(root, page), "utf8").matchAll(/^```ts\n(.*?)^```/gms)) {
    if (/^import /m.test(text)) snippets.push(text);
    else snippets.push((snippets.pop() ?? "") + text);
  }
  for (const [index, text] of snippets.entries())
    writeFileSync(join(folder, `${page.replaceAll(/\W/g, "-")}-${index + 1}.ts`), text);
  return snippets.length;
}

function compile(resolution: Readonly<Record<string, string>>): void {
  const compilerOptions = {
    ...resolution,
    target: "es2022",
    lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [tsc, "-p", folder], { stdio: "inherit" });
  } catch {
    throw new Error(`with moduleResolution ${resolution.moduleResolution}`);
  }
}
