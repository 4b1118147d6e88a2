import { type Html, type HtmlPart, html } from "./html.ts";

export interface TableOptions {
  caption: string;
  head: readonly HtmlPart[];
  /** The first cell of a row is its heading. */
  rows: readonly (readonly HtmlPart[])[];
  /** Whether all but the first column hold numbers, aligned right. Defaults to false. */
  numeric?: boolean;
}

/** A table that scrolls sideways if it is wider than the screen, by keyboard too. Its caption stays. */
export function renderTable({ caption, head, rows, numeric = false }: TableOptions): Html {
  const heads = head.map((cell) => html`<th scope="col">${cell}</th>`);
  const lines = rows.map(([first, ...cells]) => {
    return html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`;
  });
  return html`<p class="dim">${caption}</p>
<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table class="${numeric ? "numeric" : "plain"}">
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

/** A spot of the color of a class, or of stripes for ignored pixels; nothing where the color is not known. */
export function renderSwatch(
  color: readonly [red: number, green: number, blue: number] | "ignored" | undefined,
): Html | undefined {
  if (color === "ignored") return html`<span class="key ignored"></span>`;
  return color && html`<span class="key" style="background: rgb(${color.join(", ")})"></span>`;
}
