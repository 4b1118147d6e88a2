import { describe, expect, it } from "vitest";
import { renderSection, renderSwatch, renderTable } from "../../src/html/elements.ts";
import { html, trusted } from "../../src/html/html.ts";
import { renderPage } from "../../src/html/page.ts";
import { checkPage } from "./check-page.ts";

describe("html", () => {
  it("escapes texts and attributes, once, and leaves markup as it is", () => {
    const name = `<b> & "c" 'd'`;
    const escaped = "&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;";
    const inner = html`<i title="${name}">${name}</i>`;
    expect(String(html`<p>${inner}</p>`)).toBe(`<p><i title="${escaped}">${escaped}</i></p>`);
    expect(String(trusted("a > b"))).toBe("a > b");
  });

  it("joins lists, writes numbers, and nothing for undefined", () => {
    expect(String(html`${[1, "<", [html`<br>`, undefined]]}${0}`)).toBe("1&lt;<br>0");
  });
});

describe("elements", () => {
  it("makes a table whose rows begin with their headings", () => {
    const table = String(
      renderTable({ caption: "a & b", head: ["x", "y"], rows: [["<r>", 1]], numeric: true }),
    );
    expect(table).toContain('<p class="dim">a &amp; b</p>');
    expect(table).toContain('<tr><th scope="col">x</th><th scope="col">y</th></tr>');
    expect(table).toContain('<tr><th scope="row">&lt;r&gt;</th><td>1</td></tr>');
    expect(table).toContain('<table class="numeric">');
  });

  it("makes swatches of known colors and of ignored pixels only", () => {
    expect(String(renderSwatch([1, 2, 3]))).toContain("rgb(1, 2, 3)");
    expect(String(renderSwatch("ignored"))).toBe('<span class="key ignored"></span>');
    expect(renderSwatch(undefined)).toBeUndefined();
  });
});

describe("renderPage", () => {
  it("is well-formed, forbids loading, and escapes its title", () => {
    const page = renderPage({ title: "<a>", body: renderSection("<b>", "c") });
    checkPage(page);
    expect(page).toContain("<title>&lt;a&gt;</title>");
    expect(page).toContain("<section><h2>&lt;b&gt;</h2>\nc</section>");
    expect(page).toContain("default-src 'none'");
  });
});

describe("checkPage", () => {
  it.each([
    ["an open tag", "<p><b></p>"],
    ["a second end", "<p></p></p>"],
    ["a bare <", "<p>a < b</p>"],
    ["an address", '<img src="https://example.org/a.png">'],
    ["a style that loads", '<p style="background: url(a.png)"></p>'],
    ["a script", "<script></script>"],
    ["a handler", '<p onclick="go()"></p>'],
    ["a value of none", "<p>undefined</p>"],
    ["a number of none", '<svg><path d="MNaN 3"/></svg>'],
  ])("finds %s", (_, markup) => {
    expect(() => checkPage(markup)).toThrow();
  });

  it("lets good markup pass", () => {
    checkPage('<!doctype html>\n<p class="a">b &lt; c<br><svg><path d="M0 1"/></svg></p>');
  });
});
