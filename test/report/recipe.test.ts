import { describe, expect, it } from "vitest";
import { quote, renderOrigin, renderRecipe, renderRecipeDifferences } from "../../src/report/recipe.ts";
import { readMarkup, rowsOf, textOf, textsOf } from "../html/read-markup.ts";
import { type RunFiles, runOf } from "./run-files.ts";

const differencesOf = (...configs: RunFiles["config"][]) =>
  renderRecipeDifferences(
    configs.map((config) => runOf({ config })),
    configs.map((_, index) => `run ${index}`),
  );

describe("renderRecipe", () => {
  it("has every setting, those left out at their defaults", () => {
    const rows = rowsOf(renderRecipe(runOf({ config: { crop: [64, 96] } })));
    expect(rows).toContain("crop|[64, 96]");
    expect(rows).toContain("momentum|0.9");
    expect(rows).toContain('schedule|{"kind": "poly", "power": 0.9}');
    expect(rows.filter((row) => row.startsWith("stage"))).toEqual([]);
  });

  it("has what each stage has of its own", () => {
    const rows = rowsOf(renderRecipe(runOf({ config: { stages: [{ epochs: 2 }, {}] } })));
    expect(rows.slice(-2)).toEqual(['stage 1|{"epochs": 2}', "stage 2|{}"]);
  });
});

describe("renderRecipeDifferences", () => {
  it("has the settings that differ, and only these", () => {
    const table = differencesOf({ seed: 1, weights: "w.pth" }, { seed: 2 }, { seed: 1, stages: [{}, {}] });
    expect(rowsOf(table)).toEqual(["weights|w.pth|–|–", "seed|1|2|1", "stage 1|–|–|{}", "stage 2|–|–|{}"]);
    expect(textsOf(table, "th").slice(0, 4).slice(1)).toEqual(["run 0", "run 1", "run 2"]);
  });

  it("says where there are none", () => {
    const none = readMarkup(differencesOf({ seed: 1 }, { seed: 1 }));
    expect(textOf(none)).toBe("The runs have the same settings.");
  });
});

describe("renderOrigin", () => {
  it("has what was stored, and the command that repeats the run", () => {
    const run = {
      ...runOf(),
      name: "it's a run",
      origin: { node: "v20", weightsSha256: null, "<x>": [1, 2] },
    };
    const origin = renderOrigin(run);
    expect(rowsOf(origin)).toEqual(["node|v20", "weightsSha256|–", "<x>|[1, 2]"]);
    expect(textsOf(origin, "code")[0]).toMatch(/--run '\.\.\/it'\\''s a run-again'$/);
  });
});

describe("quote", () => {
  it("leaves plain words alone", () => {
    expect(["runs/a_1.b", "", "a b", "$HOME"].map(quote)).toEqual(["runs/a_1.b", "''", "'a b'", "'$HOME'"]);
  });
});
