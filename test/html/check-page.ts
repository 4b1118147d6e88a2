import { type Element, readMarkup } from "./read-markup.ts";

/** Throws unless all elements are closed in order and the page loads and runs nothing. */
export function checkPage(page: string): void {
  checkElement(readMarkup(page.replace(/<style>[^<]*<\/style>/, "")));
  const found = /url\(|@import|\bundefined\b|NaN|Infinity|\[object/.exec(page);
  if (found) throw new Error(`holds ${page.slice(found.index - 40, found.index + 40)}`);
}

function checkElement({ name, attributes, children }: Element): void {
  if (name === "script") throw new Error("runs a script");
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) throw new Error(`runs something: ${key}`);
    if ((key === "src" || key === "href") && !value.startsWith("data:"))
      throw new Error(`loads something: ${value.slice(0, 60)}`);
  }
  for (const child of children) if (typeof child !== "string") checkElement(child);
}
