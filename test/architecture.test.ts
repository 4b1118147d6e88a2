import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "..", "src");

interface Room {
  readonly name: string;
  /** The rooms that it imports, beside files that lie in no room. Imports of types count too. */
  readonly imports: readonly string[];
  /** Where its files may import Node's modules: nowhere, everywhere, or in a folder within it. */
  readonly node: string;
}

interface Import {
  readonly file: string;
  readonly target: string;
}

/** The table of CONTRIBUTING under "How the house is laid out". Rooms stand in the order of imports. */
function readTable(): Room[] {
  const text = readFileSync(join(source, "..", "CONTRIBUTING.md"), "utf8");
  const rows = text.matchAll(/^\| `([a-z-]+)\/` \| [^|]+ \| ([^|]*) \| ([^|]*) \|$/gm);
  return [...rows].map(([, name = "", imports = "", node = ""]) => ({
    name,
    imports: imports.split(", ").filter((room) => room !== "-" && room !== ""),
    node: node.replaceAll("`", "").trim(),
  }));
}

/** Engines, and the only folder that may import them. */
const engines: Readonly<Record<string, string>> = {
  "onnxruntime-node": "runtime/node",
  "onnxruntime-web": "runtime/web",
};

/** Imports of values and types, re-exports, `import()`; not JSDoc in the few JavaScript files. */
const imports = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(ts|mjs)$/.test(file) && !file.endsWith("onnx_pb.ts"))
  .sort()
  .flatMap((file): Import[] => {
    const text = readFileSync(join(source, file), "utf8");
    const { program, module } = parseSync(file, text);
    const code = text.replace(/\/\*.*?\*\//gs, "");
    const fromTypes = [...code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)].map(([, path = ""]) => path);
    const statements = program.body.flatMap((node) =>
      "source" in node && node.source ? [node.source.value] : [],
    );
    const specifiers = [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...statements,
      ...fromTypes,
    ];
    return [...new Set(specifiers)].map((path) => ({
      file,
      target: path.startsWith(".") ? relative(source, join(source, dirname(file), path)) : path,
    }));
  });

const rooms = readTable();
const roomOf = (path: string) => (path.includes("/") ? (path.split("/")[0] ?? "") : "");
const inner = imports.filter(({ target }) => existsSync(join(source, target)));
const describeImport = ({ file, target }: Import) => `${file} -> ${target}`;

describe("the rooms of src", () => {
  it("are those of CONTRIBUTING's table", () => {
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(rooms.map(({ name }) => name).sort());
  });

  it("import rooms above them in the table alone, and no others than it names", () => {
    for (const [index, { name, imports }] of rooms.entries())
      for (const room of imports)
        expect(
          rooms.slice(0, index).map((above) => above.name),
          `${name} -> ${room}`,
        ).toContain(room);
    const allowed = new Map(rooms.map(({ name, imports }) => [name, imports]));
    const wrong = inner.filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return from !== "" && to !== "" && from !== to && !allowed.get(from)?.includes(to);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it("import every room that the table says they do", () => {
    const used = new Set(inner.map(({ file, target }) => `${roomOf(file)} -> ${roomOf(target)}`));
    const unused = rooms.flatMap(({ name, imports }) => imports.map((room) => `${name} -> ${room}`));
    expect(unused.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  it("import Node's modules only where the table says so", () => {
    const places = new Map(rooms.map(({ name, node }) => [name, node]));
    const wrong = imports.filter(({ file, target }) => {
      const place = places.get(roomOf(file)) ?? "-";
      return target.startsWith("node:") && place !== "everywhere" && !file.startsWith(place);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  it("import an engine only in its folder of runtime", () => {
    const wrong = imports.filter(({ file, target }) => {
      const folder = engines[target.split("/")[0] ?? ""];
      return folder !== undefined && !file.startsWith(folder);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });
});

it("no file imports itself by way of others", () => {
  const targets = new Map<string, string[]>();
  for (const { file, target } of inner) targets.set(file, [...(targets.get(file) ?? []), target]);
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file].join(" -> "));
    if (start >= 0 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  expect(circles).toEqual([]);
});
