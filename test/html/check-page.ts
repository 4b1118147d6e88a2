const voids = new Set(["meta", "img", "br"]);
const tag = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/y;

/** Throws unless every element of a page is closed in order, and nothing in it is run or loaded from elsewhere. */
export function checkPage(page: string): void {
  const open: string[] = [];
  const markup = page.replace(/^<!doctype html>/, "").replace(/<style>[^<]*<\/style>/, "");
  for (let at = markup.indexOf("<"); at >= 0; at = markup.indexOf("<", tag.lastIndex)) {
    tag.lastIndex = at;
    const match = tag.exec(markup);
    if (!match) throw new Error(`no tag: ${markup.slice(at, at + 60)}`);
    const [whole, end, name = "", attributes = "", closed] = match;
    if (name === "script" || /\son\w+=/.test(attributes)) throw new Error(`runs something: ${whole}`);
    if (/\s(?:src|href)="(?!data:)/.test(attributes))
      throw new Error(`loads something: ${whole.slice(0, 60)}`);
    if (end) {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> ends <${last}>`);
    } else if (!closed && !voids.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(", ")}`);
  const found = /url\(|@import|\bundefined\b|NaN|Infinity|\[object/.exec(page);
  if (found) throw new Error(`holds ${page.slice(found.index - 40, found.index + 40)}`);
}
