import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** The pages as they are committed; `npm run docs:api -- --check` says whether they are up to date. */
const read = (file: string) => readFileSync(new URL(`../../docs/api/${file}`, import.meta.url), "utf8");

/** What stands between the heading of an entry and the next entry. */
function entry(page: string, name: string): string {
  const [, text = ""] = page.split(`\n### ${name}\n`);
  return text.split(/\n##{1,2} /)[0] ?? "";
}

describe.each(["node.md", "web.md"])("%s", (file) => {
  const page = read(file);
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

  it("has no link that leads nowhere", () => {
    const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter((target) => !headings.includes(target ?? ""))).toEqual([]);
  });

  it("has neither tags nor types that are still to be worked out", () => {
    expect(page.match(/@(?:throws|param|returns|example|link|template|internal)\b/g)).toBeNull();
    expect(page.match(/\bz\.\w+<|\btypeof \w/g)).toBeNull();
  });

  it("shows the methods of Segmenter, inherited ones too, each with its docstring", () => {
    const text = entry(page, "Segmenter");
    for (const name of ["load", "segment", "dispose"])
      expect(text).toMatch(new RegExp(`\n#### Segmenter\\.${name}\n\n[A-Z].+\n`));
    expect(text).toContain("  [Symbol.asyncDispose](): Promise<void>;");
  });

  it("shows inherited options where they are used", () => {
    const text = entry(page, file === "node.md" ? "LoadSegmenterOptions" : "LoadOptions");
    for (const name of ["device", "dtype", "threads", "maxPixels", "budget", "onNote"])
      expect(text).toContain(`  ${name}?: `);
  });
});

describe("types that are worked out of values", () => {
  const page = read("node.md");

  it("shows the settings of a training with docstrings and defaults", () => {
    const text = entry(page, "TrainingOptions");
    expect(text).toContain("  /** Passes through the data set. Defaults to `100`. */\n  epochs?: number;");
    expect(text).toContain("Defaults to `0.999`. */\n  beta2?: number;");
    expect(text).toContain("  schedule?: Schedule;");
  });

  it("shows the fields of schemas with docstrings", () => {
    expect(entry(page, "JobSettings")).toContain(
      "  /** Photos on the contact sheet, 0 to 600. */\n  readonly samples: number;",
    );
    expect(entry(page, "RunEvaluation")).toContain("  /** A data URI. */\n    image: string;".trim());
  });
});
