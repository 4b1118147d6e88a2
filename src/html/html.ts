const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Markup that may stand in a page as it is; only `html` and `trusted` make any. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What `html` takes: text and numbers, which it escapes; markup; lists of these; undefined for nothing. */
export type HtmlPart = string | number | Html | undefined | readonly HtmlPart[];

/**
 * Builds markup from a template; every value that is not markup itself is escaped, in texts and in quoted
 * attributes alike.
 *
 * Values must not stand in unquoted attributes, in `<style>` or in addresses that a stranger chose.
 */
export function html(template: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(template.map((text, i) => text + renderPart(parts[i])).join(""));
}

/** Markup from a constant of this program. Never from data. */
export function trusted(constant: string): Html {
  return new Html(constant);
}

function renderPart(part: HtmlPart): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.toString();
  if (typeof part === "object") return part.map(renderPart).join("");
  return String(part).replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
