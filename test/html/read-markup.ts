/** An element of a page as it is read back: names and texts without escapes. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

const voids = new Set(["meta", "img", "br"]);
const tag = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/y;
const escapes: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" };

/** Reads a page, or a piece of one, and throws unless every element is closed in order. */
export function readMarkup(markup: unknown): Element {
  const text = String(markup).replace(/^<!doctype html>/, "");
  const open = [makeElement("")];
  let read = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", read)) {
    tag.lastIndex = at;
    const match = tag.exec(text);
    if (!match) throw new Error(`no tag: ${text.slice(at, at + 60)}`);
    const [, end, name = "", attributes = "", closed] = match;
    const last = open.at(-1);
    last?.children.push(readText(text.slice(read, at)));
    read = tag.lastIndex;
    if (end) {
      if (last?.name !== name || open.length === 1) throw new Error(`</${name}> ends <${last?.name}>`);
      open.pop();
      continue;
    }
    const element = makeElement(name, attributes);
    last?.children.push(element);
    if (!closed && !voids.has(name)) open.push(element);
  }
  const [root] = open;
  if (!root || open.length > 1) throw new Error(`never closed: ${open.map(({ name }) => name).join(", ")}`);
  root.children.push(readText(text.slice(read)));
  return root;
}

function makeElement(name: string, attributes = "") {
  const children: (Element | string)[] = [];
  const pairs = [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => {
    return [key, readText(value)] as const;
  });
  return { name, attributes: Object.fromEntries(pairs), children };
}

function readText(text: string): string {
  return text.replaceAll(/&([a-z]+|#39);/g, (whole, name: string) => escapes[name] ?? whole);
}

/** All elements of a name, in the order of the page; with a class where one is given. */
export function findAll(markup: unknown, name: string, className?: string): Element[] {
  const found: Element[] = [];
  const look = (element: Element) => {
    for (const child of element.children) {
      if (typeof child === "string") continue;
      const classes = child.attributes.class?.split(" ") ?? [];
      if (child.name === name && (className === undefined || classes.includes(className))) found.push(child);
      look(child);
    }
  };
  look(isElement(markup) ? markup : readMarkup(markup));
  return found;
}

function isElement(value: unknown): value is Element {
  return typeof value === "object" && value !== null && "children" in value;
}

/** What a reader sees of an element: its texts, with one space between them. */
export function textOf(element: Element | string): string {
  if (typeof element === "string") return element;
  return element.children.map(textOf).join(" ").replaceAll(/\s+/g, " ").trim();
}

/** The texts of all elements of a name. */
export function textsOf(markup: unknown, name: string, className?: string): string[] {
  return findAll(markup, name, className).map(textOf);
}

/** The rows of the tables, without their heads: the texts of the cells, joined by `|`. */
export function rowsOf(markup: unknown): string[] {
  const cells = (row: Element) => row.children.filter((cell) => typeof cell !== "string");
  return findAll(markup, "tr")
    .filter((row) => cells(row)[0]?.attributes.scope === "row")
    .map((row) => cells(row).map(textOf).join("|"));
}

/** The names and values of the description lists: `{ parameters: "1.44 M" }`. */
export function factsOf(markup: unknown): Record<string, string> {
  const page = readMarkup(markup);
  const values = textsOf(page, "dd");
  return Object.fromEntries(textsOf(page, "dt").map((term, index) => [term, values[index] ?? ""]));
}
