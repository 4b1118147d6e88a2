/** The rows of the tables in a piece of a page, without their heads: the texts of the cells, still escaped, joined by `|`. */
export function rowsOf(markup: unknown): string[] {
  return [...String(markup).matchAll(/<tr><th scope="row">(.*?)<\/tr>/g)].map(([, row = ""]) =>
    row
      .replaceAll(/<\/t[hd]>/g, "|")
      .replaceAll(/<[^>]+>/g, "")
      .replace(/\|$/, ""),
  );
}
