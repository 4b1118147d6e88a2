import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { renderText } from "../../../src/images/node/render-text.ts";

/** The families that have a character, where fontconfig's tool is there to say so. */
const families = (code: string) =>
  spawnSync("fc-list", [`:charset=${code}`, "family"], { encoding: "utf8" }).stdout ?? "";
const hasFonts = families("61") !== "";

describe.skipIf(!hasFonts)("renderText, with fonts", () => {
  it("draws letters with marks and of other alphabets, as wide as the text", async () => {
    const [short, long] = [await renderText("Straße", 20), await renderText("Straße, Straße", 20)];
    expect(short?.height).toBe(26);
    expect(short && long && long.width / short.width).toBeGreaterThan(1.9);
    expect(short?.data).not.toEqual((await renderText("Strasse", 20))?.data);
    expect(short?.data.some((value) => value < 100)).toBe(true);
  });

  it.each([
    ["道", "9053"],
    ["ش", "634"],
    ["Я", "42f"],
    ["🚗", "1f697"],
    ["\u{10fffd}", "10fffd"],
    ["\u0378", "378"],
  ])("knows whether there is a font for %s", async (character, code) => {
    expect((await renderText(character, 20)) !== undefined).toBe(families(code) !== "");
  });

  it("passes over what XML cannot hold", async () => {
    expect(await renderText("a<&>\u0001\ud800", 20)).toBeDefined();
    expect(await renderText("\u0001 ", 20)).toBeUndefined();
  });
});

describe("renderText, without a font", () => {
  const folder = mkdtempSync(join(tmpdir(), "lightseg-fonts-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("draws nothing, so that no box stands for a letter", () => {
    writeFileSync(join(folder, "fonts.conf"), "<fontconfig></fontconfig>");
    const script =
      'const { renderText } = await import("./src/images/node/render-text.ts"); console.log(await renderText("Straße", 20), await renderText("道路", 20));';
    const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      env: { ...process.env, FONTCONFIG_FILE: join(folder, "fonts.conf"), FONTCONFIG_PATH: folder },
      encoding: "utf8",
    });
    expect(output.trim()).toBe("undefined undefined");
  });
});
