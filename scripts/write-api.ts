/**
 * Writes docs/api/node.md and docs/api/web.md, the reference of what the package exports.
 *
 *   npm run docs:api               writes both pages
 *   npm run docs:api -- --check    fails if a page is out of date, or something in it has no docstring
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { details, prose, type Vocabulary } from "./docstring.ts";
import { type Entry, type Method, readApi, typesIn } from "./read-api.ts";

const root = resolve(import.meta.dirname, "..");
const pages = [
  {
    ...{ file: "node.md", title: "lightseg for Node", from: "lightseg" },
    ...{ source: "index.ts", config: "tsconfig.build.json" },
  },
  {
    ...{ file: "web.md", title: "lightseg for browsers", from: "lightseg/web" },
    ...{ source: "web.ts", config: "tsconfig.build-browser.json" },
  },
];

/**
 * The chapters of a page, and the files below `src` whose exports they have, in their order. The longest path
 * counts.
 */
const chapters: readonly (readonly [title: string, ...paths: string[]])[] = [
  ["Segment photos and videos", "inference", "browser", "node-engine.ts/createPredictor", "video"],
  [
    "Draw, read and write pictures",
    ...["inference/node/render.ts", "browser/results.ts", "browser/render-labels.ts", "browser/painting"],
    ...["images/node/decode.ts", "images/node", "images"],
  ],
  [
    "Load models",
    ...["model-files/node", "model-files", "browser/fetch-model.ts"],
    ...["browser/model-cache.ts", "browser/types.ts/CachedModel"],
  ],
  ["Teach by strokes", "teaching/node", "teaching", "browser/teaching", "training/samples.ts"],
  ["Train a network", "trainer/train.ts", "trainer", "training"],
  ["Read and report runs", "runs", "report"],
  ["Open data sets", "datasets/index.ts", "datasets"],
  ["Measure accuracy", "evaluation/evaluate.ts", "node-engine.ts/createAveragingPredictor", "evaluation"],
  ["Segment very many photos", "batch/run.ts", "batch/submit.ts", "batch/work.ts", "batch"],
  [
    "Export and quantize",
    ...["export/onnx.ts", "browser/export-onnx.ts", "node-engine.ts/checkExport", "export"],
    ...["node-engine.ts/quantizeModel", "quantization"],
  ],
  ["Measure cost and speed", "analysis"],
  ["Read and write weights", "weights/node", "weights", "models/weights.ts"],
  ["Build networks", "models/network.ts", "models", "graph"],
  ["Choose devices and engines", "runtime/node", "runtime", "node-engine.ts", "graph/onnx"],
  ["Handle errors", "errors.ts"],
];

/** Between declarations that are formatted together. */
const CUT = "// --- cut ---";

/** The address of a heading, as Markdown viewers make it. */
const anchor = (heading: string) =>
  `#${heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-")}`;

const link = (name: string) => `[\`${name}\`](${anchor(name)})`;

/** The chapters that have entries: classes, functions and constants, each followed by its types. */
function arrange(entries: readonly Entry[]) {
  const places = chapters.flatMap(([title, ...paths]) => paths.map((path, rank) => ({ title, path, rank })));
  const inPlace = entries.map((entry) => {
    const own = places.filter(({ path }) => `${entry.path}/`.startsWith(`${path}/`));
    const [place] = own.sort((a, b) => b.path.length - a.path.length);
    if (!place) throw new Error(`${entry.path} belongs to no chapter of scripts/write-api.ts`);
    return { entry, ...place };
  });
  return chapters.flatMap(([title]) => {
    const own = inPlace.filter((placed) => placed.title === title).sort((a, b) => a.rank - b.rank);
    const all = own.map(({ entry }) => entry);
    const ordered = new Set<Entry>();
    const add = (entry: Entry | undefined) => {
      if (!entry || ordered.has(entry)) return;
      ordered.add(entry);
      for (const type of typesIn(entry.code)) add(all.find(({ name, isType }) => isType && name === type));
    };
    for (const entry of [...all.filter(({ isType }) => !isType), ...all]) add(entry);
    return all.length > 0 ? [{ title, entries: [...ordered] }] : [];
  });
}

/** The code of entries and methods as Biome formats it. */
function format(parts: readonly Method[]): ReadonlyMap<Method, string> {
  const isMethod = ({ name }: Method) => name.includes(".");
  const declarations = parts.map((part) => (isMethod(part) ? `class Method {\n${part.code}}` : part.code));
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  const options = { cwd: root, input: declarations.join(`\n${CUT}\n`), encoding: "utf8" } as const;
  const text = execFileSync(process.execPath, [biome, "format", "--stdin-file-path=api.d.ts"], options);
  const formatted = text.split(CUT).map((code) => code.trim());
  const insideOf = (code: string) => code.replace(/^.*\n|\n}$/g, "").replace(/^ {2}/gm, "");
  const codeOf = (part: Method, code = "") => [part, isMethod(part) ? insideOf(code) : code] as const;
  return new Map(parts.map((part, index) => codeOf(part, formatted[index])));
}

/** What a name between backticks leads to, seen from an entry or method. */
function vocabularies(entries: readonly Entry[]) {
  const known = new Set(
    entries.flatMap(({ name, methods }) => [name, ...methods.map((method) => method.name)]),
  );
  const errorCode = entries.find(({ name }) => name === "ErrorCode");
  const codes = new Set(errorCode?.code.match(/\b[A-Z_]+\b/g));
  return (from: string): Vocabulary => ({
    codes,
    linkTo: (code) => {
      const name = code.replace(/\(\)$/, "");
      // All in lower case it may be a word of another kind, such as the split `train`.
      const others = /[A-Z]/.test(name) ? [name, name.split(".")[0] ?? ""] : [];
      const found = [`${from.split(".")[0]}.${name}`, ...others].find((other) => known.has(other));
      return found && found !== from ? anchor(found) : undefined;
    },
  });
}

const firstSentence = (text: string) =>
  text.split(/\n\n|(?<=\.)\s+(?=[A-Z])/)[0]?.replaceAll("\n", " ") ?? "";

function contentsOf(entries: readonly Entry[], wordsOf: (from: string) => Vocabulary): string[] {
  const lines = entries
    .filter(({ isType }) => !isType)
    .map(({ name, doc, methods }) => {
      const links = methods.map((method) => `[${method.name.split(".")[1]}](${anchor(method.name)})`);
      const list = links.length > 0 ? ` Methods: ${links.join(", ")}.` : "";
      return `- ${link(name)}: ${prose(firstSentence(doc.text), wordsOf(name))}${list}`;
    });
  const types = entries.filter(({ isType }) => isType).map(({ name }) => link(name));
  return types.length > 0 ? [...lines, `- types: ${types.join(", ")}`] : lines;
}

function render(page: (typeof pages)[number]): { text: string; undocumented: string[] } {
  const { intro, entries } = readApi(page.source, join(root, page.config));
  const wordsOf = vocabularies(entries);
  const all: Method[] = entries.flatMap((entry) => [entry, ...entry.methods]);
  const codeOf = format(all);
  const lines = [
    `# ${page.title}`,
    "",
    "<!-- Written by `npm run docs:api` from the docstrings; edit those. -->",
    "",
  ];
  lines.push(intro.text, "", details(intro, wordsOf("")), "");
  lines.push("The guides that the [README](../../README.md) lists show these at work.", "");
  const filled = arrange(entries);
  for (const { title, entries } of filled)
    lines.push(`**[${title}](${anchor(title)})**`, "", ...contentsOf(entries, wordsOf), "");
  const known = new Set(entries.map(({ name }) => name));
  const section = (level: string, part: Method) => {
    const words = wordsOf(part.name);
    const types = typesIn(part.code).filter((name) => known.has(name) && name !== part.name.split(".")[0]);
    const parts = [
      `${level} ${part.name}`,
      prose(part.doc.text, words),
      `\`\`\`ts\n${codeOf.get(part)}\n\`\`\``,
      details(part.doc, words),
      types.length > 0 ? `See ${types.map(link).join(", ")}.` : "",
    ];
    lines.push(...parts.filter((text) => text !== "").flatMap((text) => [text, ""]));
  };
  for (const { title, entries } of filled) {
    lines.push(`## ${title}`, "");
    for (const entry of entries) {
      section("###", entry);
      for (const method of entry.methods) section("####", method);
    }
  }
  const headings = [...filled.map(({ title }) => title), ...all.map(({ name }) => name)].map(anchor);
  const twice = headings.find((heading, index) => headings.indexOf(heading) < index);
  if (twice) throw new Error(`${page.file}: two headings have the address ${twice}`);
  const undocumented = all.filter(({ doc }) => doc.text === "").map(({ name }) => name);
  return { text: `${lines.join("\n").trim()}\n`, undocumented };
}

const { check } = parseArgs({ options: { check: { type: "boolean", default: false } } }).values;
const folder = join(root, "docs", "api");
mkdirSync(folder, { recursive: true });
for (const page of pages) {
  const { text, undocumented } = render(page);
  if (undocumented.length > 0) {
    console.error(`${page.from}: no docstring: ${undocumented.join(", ")}`);
    process.exitCode = 1;
  }
  const file = join(folder, page.file);
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${file} is not up to date: npm run docs:api`);
    process.exitCode = 1;
  }
}
