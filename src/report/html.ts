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

/** What `html` takes: texts and numbers, which it escapes, markup, and lists of these; nothing stands for undefined. */
export type HtmlPart = string | number | Html | undefined | readonly HtmlPart[];

/**
 * Builds markup from a template; every value that is not markup itself is escaped, in texts and in quoted attributes alike.
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

export interface TableOptions {
  caption: string;
  head: readonly HtmlPart[];
  /** The first cell of a row is its heading. */
  rows: readonly (readonly HtmlPart[])[];
  /** Whether all but the first column hold numbers, aligned right. Defaults to false. */
  numeric?: boolean;
}

/** A table that scrolls sideways where it is wider than the screen; the keyboard can scroll it, too. */
export function renderTable({ caption, head, rows, numeric = false }: TableOptions): Html {
  const heads = head.map((cell) => html`<th scope="col">${cell}</th>`);
  const lines = rows.map(([first, ...cells]) => {
    return html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`;
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table class="${numeric ? "numeric" : "plain"}"><caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}

/** A part of a page under a heading. */
export function renderSection(title: string, body: HtmlPart): Html {
  return html`<section><h2>${title}</h2>
${body}</section>
`;
}
