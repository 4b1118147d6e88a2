import { describe, expect, it } from "vitest";
import { renderClasses, renderCommonClasses, renderShares } from "../../src/report/classes.ts";
import { rowsOf } from "../html/rows.ts";
import { evaluation, runOf, validationOf } from "./run-files.ts";

const first = validationOf(2, { "<sky>": 0.6, road: 0.4 });
const second = validationOf(4, { "<sky>": 0.7, road: null });
const third = validationOf(6, { "<sky>": 0.2, road: 0 });

describe("renderClasses", () => {
  it("shows the best, the last and the share of the true pixels", () => {
    const table = renderClasses(runOf({ validations: [first, second, third], evaluation }));
    // Means 0.5, 0.7 (of one class), 0.1. 8 and 2 of 10 pixels.
    expect(rowsOf(table)).toEqual(["&lt;sky&gt;|70.0 %|20.0 %|80.00 %", "road|–|0.0 %|20.00 %"]);
    expect(String(table)).toContain("after step 4, the best, and after step 6, the last");
    expect(String(table).match(/class="bar"><i style="width: 70.0%"/g)?.length).toBe(1);
    expect(String(table)).toContain("rgb(4, 5, 6)");
  });

  it("shows the last once where it is the best, and no shares without an evaluation", () => {
    expect(rowsOf(renderClasses(runOf({ validations: [first] })))).toEqual([
      "&lt;sky&gt;|60.0 %",
      "road|40.0 %",
    ]);
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
    expect(rowsOf(table)).toEqual(["&lt;sky&gt;|60.0 %|–|–", "road|40.0 %|90.0 %|–", "tree|–|10.0 %|–"]);
    expect(String(table).match(/class="best">[^<]*/g)).toEqual(['class="best">90.0 %']);
  });
});

describe("renderShares", () => {
  it("sets all of the highest in bold, unless there is one only", () => {
    const bold = (shares: (number | null)[], highlight = true) =>
      renderShares(shares, { highlight }).map((share) => String(share).includes("best"));
    expect(bold([0.5, null, 0.5, 0.1])).toEqual([true, false, true, false]);
    expect(bold([0.5, null])).toEqual([false, false]);
    expect(bold([0.5, 0.1], false)).toEqual([false, false]);
  });
});
