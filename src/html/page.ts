import { type HtmlPart, html, trusted } from "./html.ts";
import { style } from "./style.ts";

/** A whole page: one file that loads nothing, which the browser is told to hold it to. */
export function renderPage({ title, body }: { title: string; body: HtmlPart }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
${body}</main>
</body>
</html>
`.toString();
}
