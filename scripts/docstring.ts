/** Docstrings as Markdown, and as comments in code: with plain words in place of tags. */

export interface Docstring {
  readonly text: string;
  readonly tags: readonly { readonly name: string; readonly text?: string | undefined }[];
}

/** Takes the first docstring of a text apart. */
export function parseDocstring(text: string): Docstring {
  const comment = /\/\*\*(.*?)\*\//s.exec(text)?.[1] ?? "";
  const [description = "", ...tags] = comment.replace(/^[ \t]*(\* ?)?/gm, "").split(/^@/m);
  return {
    text: description.trim(),
    tags: tags.map((tag) => {
      const [, name = "", rest = ""] = /^(\w+)\s*(.*)$/s.exec(tag) ?? [];
      return { name, text: rest.trim() };
    }),
  };
}

/** What turns names in prose into links, and words such as `NOT_FOUND` into code. */
export interface Vocabulary {
  /** The error codes. */
  readonly codes: ReadonlySet<string>;
  /** The address of what a piece of code names; undefined where there is none. */
  readonly linkTo: (code: string) => string | undefined;
}

/** Prose with error codes as code, and links at names between backticks. */
export function prose(text: string, { codes, linkTo }: Vocabulary): string {
  const parts = text.replace(/\{@link(?:code|plain)? ([^}]+)\}/g, "`$1`").split(/(`[^`]+`)/);
  return parts
    .map((part) => {
      if (!part.startsWith("`"))
        return part.replace(/\b[A-Z_]{5,}\b/g, (word) => (codes.has(word) ? `\`${word}\`` : word));
      const link = linkTo(part.slice(1, -1));
      return link ? `[${part}](${link})` : part;
    })
    .join("");
}

const labels: Readonly<Record<string, string>> = {
  returns: "Returns",
  throws: "Throws",
  deprecated: "Deprecated",
};

const namedError = (_: string, code?: string) => `\`LightsegError\`${code ? " with the code " : ""}`;

/** What tags other than examples say, one line each. */
function sentences({ tags }: Docstring): string[] {
  return tags.flatMap(({ name, text = "" }) => {
    if (name === "example" || name === "module") return [];
    if (name === "param") return [text.replace(/^(\S+)\s+(- )?/, "`$1`: ")];
    const label = labels[name];
    if (!label) throw new Error(`the pages have no words for @${name}`);
    return [`${label}: ${text.replace(/^LightsegError( (?=[A-Z_]{5}))?/, namedError)}`];
  });
}

const asItem = (text: string) => `- ${text.replace(/\n\s*/g, "\n  ")}`;

/** A list of parameters, result and errors, and the examples. */
export function details(doc: Docstring, words: Vocabulary): string {
  const list = sentences(doc).map((text) => asItem(prose(text, words)));
  const examples = doc.tags.filter(({ name }) => name === "example");
  const blocks = examples.map(({ text = "" }) => `Example:\n\n\`\`\`ts\n${text.trim()}\n\`\`\``);
  return [list.join("\n"), ...blocks].filter((part) => part !== "").join("\n\n");
}

/** The docstring of a field, and a sentence more, as a comment in code. */
export function commentOf(doc: Docstring, more = ""): string {
  const last = doc.text.split("\n").at(-1) ?? "";
  const space = doc.text === "" || more === "" ? "" : last.length + more.length < 95 ? " " : "\n";
  const tags = sentences(doc);
  const isAlone = doc.text === "" && tags.length === 1;
  const parts = [`${doc.text}${space}${more}`, ...(isAlone ? tags : tags.map(asItem))];
  const lines = parts.join("\n").trim().split("\n");
  if (lines.length > 1) return ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */\n"].join("\n");
  return lines[0] ? `/** ${lines[0]} */\n` : "";
}
