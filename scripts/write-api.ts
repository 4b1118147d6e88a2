/**
 * Writes docs/api/node.md and docs/api/web.md from the declaration files of `npm run build`.
 *
 *   npm run docs:api               writes both pages
 *   npm run docs:api -- --check    fails if a page is out of date, or an export has no docstring
 *
 * Documentation generators need the compiler's JavaScript API, which TypeScript 7 lacks. For declarations
 * a parser is enough: an export's text is its docstring and its declaration.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type ESTree, parseSync } from "vite";

const root = resolve(import.meta.dirname, "..");
const pages = [
  { entry: "index", file: "node.md", title: "lightseg for Node", from: "lightseg" },
  { entry: "web", file: "web.md", title: "lightseg for browsers", from: "lightseg/web" },
];

interface Declaration {
  readonly name: string;
  /** The file's folder in `src`, by which exports are grouped. */
  readonly room: string;
  readonly doc: string;
  readonly code: string;
}

interface Parsed {
  readonly text: string;
  readonly body: readonly ESTree.Statement[];
  /** The docstring that ends where a declaration starts. */
  docBefore(start: number): string;
}

const parsed = new Map<string, Parsed>();

function parse(path: string): Parsed {
  const known = parsed.get(path);
  if (known) return known;
  const text = readFileSync(path, "utf8");
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  const docBefore = (start: number) => {
    const before = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === "");
    return before?.value.startsWith("*") ? before.value : "";
  };
  const result = { text, body: program.body, docBefore };
  parsed.set(path, result);
  return result;
}

/** `./a.ts` as written in a declaration file is `./a.d.ts`. */
const follow = (path: string, source: string) => resolve(dirname(path), source.replace(/\.[tj]s$/, ".d.ts"));

function namesOf(declaration: ESTree.Declaration): string[] {
  if (declaration.type === "VariableDeclaration")
    return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  return "id" in declaration && declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}

/** What a file exports under a name, followed through re-exports; several where a function has overloads. */
function find(path: string, name: string): Declaration[] {
  const { text, body, docBefore } = parse(path);
  return body.flatMap((statement) => {
    if (statement.type !== "ExportNamedDeclaration") return [];
    const { declaration, source, start, end } = statement;
    if (declaration && namesOf(declaration).includes(name)) {
      const room = dirname(relative(join(root, "dist"), path)).split("/")[0] ?? "";
      return [{ name, room, doc: plain(docBefore(start)), code: codeOf(text.slice(start, end)) }];
    }
    const specifier = statement.specifiers.find(({ exported }) => nameOf(exported) === name);
    return specifier && source ? find(follow(path, source.value), nameOf(specifier.local)) : [];
  });
}

const nameOf = (node: ESTree.ModuleExportName) => (node.type === "Literal" ? node.value : node.name);

/** A declaration as one would write it: no keywords of declaration files, two spaces to indent. */
function codeOf(text: string): string {
  return text
    .replace(/^export (declare )?/, "")
    .replace(/^ {4}(#private|private \w+);\n/gm, "")
    .replace(/^( {4})+/gm, (indent) => indent.slice(indent.length / 2));
}

/** A docstring without its asterisks, its tags as a list. */
function plain(comment: string): string {
  const text = comment
    .replace(/^\*/, "")
    .replace(/^\s*\* ?/gm, "")
    .trim();
  return text
    .replace(/^@example\n((?:(?!@).+\n?)+)/gm, "```ts\n$1\n```\n")
    .replace(/^@module.*$/gm, "")
    .replace(/^@param (\S+) +(?:- )?/gm, "- `$1`: ")
    .replace(/^@throws \{?LightsegError\}? */gm, "- throws `LightsegError` ")
    .replace(/^@(\w+) */gm, "- $1: ")
    .trim();
}

const anchor = (name: string) => `#${name.toLowerCase()}`;

function render(page: (typeof pages)[number], path: string): { text: string; undocumented: string[] } {
  const { text, body } = parse(path);
  const names = body.flatMap((statement) =>
    statement.type === "ExportNamedDeclaration"
      ? statement.specifiers.map(({ exported }) => nameOf(exported))
      : [],
  );
  const exported = names.map((name) => find(path, name));
  const rooms = [...new Set(exported.map(([first]) => first?.room ?? ""))].sort();
  const lines = [`# ${page.title}`, "", "Written by `npm run docs:api` from the docstrings; edit those.", ""];
  lines.push(plain(text.slice(0, text.indexOf("*/")).replace("/**", "*")), "");
  const ordered = rooms.map((room) => exported.filter(([first]) => first?.room === room));
  for (const [index, group] of ordered.entries()) {
    const links = group.flatMap(([first]) => (first ? `[${first.name}](${anchor(first.name)})` : []));
    lines.push(`- ${rooms[index] === "." ? "errors" : rooms[index]}: ${links.join(", ")}`);
  }
  const undocumented: string[] = [];
  for (const declarations of ordered.flat()) {
    const [first] = declarations;
    if (!first) throw new Error(`${page.from}: an export was not found`);
    const code = declarations.map((declaration) => declaration.code).join("\n");
    const doc = declarations.flatMap((declaration) => declaration.doc || []).join("\n\n");
    if (doc === "") undocumented.push(first.name);
    const used = names.filter((name) => name !== first.name && new RegExp(`\\b${name}\\b`).test(code));
    lines.push("", `## ${first.name}`, "", ...(doc ? [doc, ""] : []), "```ts", code, "```");
    if (used.length > 0)
      lines.push("", `See ${used.map((name) => `[${name}](${anchor(name)})`).join(", ")}.`);
  }
  return { text: `${lines.join("\n")}\n`, undocumented };
}

const { check } = parseArgs({ options: { check: { type: "boolean", default: false } } }).values;
const folder = join(root, "docs", "api");
mkdirSync(folder, { recursive: true });
for (const page of pages) {
  const { text, undocumented } = render(page, join(root, "dist", `${page.entry}.d.ts`));
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
