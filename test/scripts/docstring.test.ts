import { expect, it } from "vitest";
import { commentOf, details, parseDocstring, prose } from "../../scripts/docstring.ts";

const words = {
  codes: new Set(["NOT_FOUND", "INVALID_IMAGE"]),
  linkTo: (code: string) => (code === "decodePhoto" || code === "LightsegError" ? `#${code}` : undefined),
};

const docstring = parseDocstring(`
/**
 * Reads a photo.
 *
 * @param source a path, as for
 *   \`decodePhoto\`
 * @returns the photo
 *
 * @example
 * const photo = await read("a.jpg");
 *
 * @throws LightsegError NOT_FOUND without a file, INVALID_IMAGE for one that
 *   is no photo
 */
export function read(source: string): Promise<Photo>;`);

it("says in plain words what tags say, with error codes as code", () => {
  expect(docstring.text).toBe("Reads a photo.");
  expect(details(docstring, words)).toBe(`- \`source\`: a path, as for
  [\`decodePhoto\`](#decodePhoto)
- Returns: the photo
- Throws: [\`LightsegError\`](#LightsegError) with the code \`NOT_FOUND\` without a file, \`INVALID_IMAGE\` for one that
  is no photo

Example:

\`\`\`ts
const photo = await read("a.jpg");
\`\`\``);
});

it("does so in comments of code too, on one line or several", () => {
  expect(commentOf(parseDocstring("/** @param size in pixels */"))).toBe("/** `size`: in pixels */\n");
  expect(commentOf({ text: "Photos in a step.", tags: [] }, "Defaults to `4`.")).toBe(
    "/** Photos in a step. Defaults to `4`. */\n",
  );
  expect(commentOf({ text: "Frees memory.", tags: [{ name: "throws", text: "LightsegError" }] })).toBe(
    "/**\n * Frees memory.\n * - Throws: `LightsegError`\n */\n",
  );
  expect(commentOf({ text: "", tags: [] })).toBe("");
});

it("leaves words alone that are no error codes, and names that are not known", () => {
  expect(prose("GIF or NOT_FOUND, `NOT_FOUND`, `encode`, {@link decodePhoto}", words)).toBe(
    "GIF or `NOT_FOUND`, `NOT_FOUND`, `encode`, [`decodePhoto`](#decodePhoto)",
  );
});

it("refuses tags that it has no words for", () => {
  expect(() => details({ text: "", tags: [{ name: "beta", text: "" }] }, words)).toThrow("@beta");
});
