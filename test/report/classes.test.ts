import { describe, expect, it } from "vitest";
import { renderClasses, renderCommonClasses, renderShares } from "../../src/report/classes.ts";
import { findAll, rowsOf, textsOf } from "../html/read-markup.ts";
import { evaluation, runOf, validationOf } from "./run-files.ts";

const first = validationOf(2, { "<sky>": 0.6, road: 0.4 });
const second = validationOf(4, { "<sky>": 0.7, road: null });
const third = validationOf(6, { "<sky>": 0.2, road: 0 });

describe("renderClasses", () => {
  it("shows the best, the last and the share of the true pixels", () => {
    const table = renderClasses(runOf({ validations: [first, second, third], evaluation }));
    // Means 0.5, 0.7 (of one class), 0.1. 8 and 2 of 10 pixels.
    expect(rowsOf(table)).toEqual(["<sky>|70.0 %|20.0 %|80.00 %", "road|–|0.0 %|20.00 %"]);
    expect(textsOf(table, "p")[0]).toContain("after step 4, the best, and after step 6, the last");
    const styles = (name: string) => findAll(table, name).flatMap(({ attributes }) => attributes.style ?? []);
    expect(styles("i")).toEqual(["width: 70.0%"]);
    expect(styles("span")).toEqual(["background: rgb(1, 2, 3)", "background: rgb(4, 5, 6)"]);
  });

  it("shows the last once where it is the best, and no shares without an evaluation", () => {
    expect(rowsOf(renderClasses(runOf({ validations: [first] })))).toEqual(["<sky>|60.0 %", "road|40.0 %"]);
  });

  it("is nothing before the first validation", () => {
    expect(renderClasses(runOf({ losses: [1] }))).toBeUndefined();
  });

  it("divides nothing by nothing", () => {
    const none = {
      ...evaluation,
      confusion: [
        [0, 0],
        [0, 0],
      ],
    };
    expect(rowsOf(renderClasses(runOf({ validations: [first], evaluation: none })))[0]).toContain("0.00 %");
  });
});

describe("renderCommonClasses", () => {
  it("has the classes of all runs, the best validation of each", () => {
    const other = runOf({ validations: [validationOf(1, { road: 0.9, tree: 0.1 })] });
    const runs = [runOf({ validations: [first, third] }), other, runOf()];
    const table = renderCommonClasses(runs, ["a", "b", "c"], { highlight: true });
    expect(rowsOf(table)).toEqual(["<sky>|60.0 %|–|–", "road|40.0 %|90.0 %|–", "tree|–|10.0 %|–"]);
    expect(textsOf(table, "span", "best")).toEqual(["90.0 %"]);
  });
});

describe("renderShares", () => {
  it("sets all of the highest in bold, unless there is one only", () => {
    const bold = (shares: (number | null)[], highlight = true) =>
      renderShares(shares, { highlight }).map((share) => findAll(share, "span", "best").length === 1);
    expect(bold([0.5, null, 0.5, 0.1])).toEqual([true, false, true, false]);
    expect(bold([0.5, null])).toEqual([false, false]);
    expect(bold([0.5, 0.1], false)).toEqual([false, false]);
  });
});
