import { describe, expect, it } from "vitest";
import { renderComparison } from "../../src/report/compare.ts";
import { renderReport } from "../../src/report/report.ts";
import { checkPage } from "../html/check-page.ts";
import { factsOf, findAll, rowsOf, textsOf } from "../html/read-markup.ts";
import { evaluation, type RunFiles, runOf, validationOf } from "./run-files.ts";

const iou = { "<sky>": 0.5, road: 0.75 };
const full: RunFiles = { losses: [3, 2], validations: [validationOf(2, iou)], evaluation };

function render(files: RunFiles, changes = {}): string {
  const page = renderReport({ ...runOf(files), ...changes });
  checkPage(page);
  return page;
}

describe("renderReport", () => {
  it("begins with what was reached", () => {
    const page = render(full, { parameters: 1_437_443 });
    expect(textsOf(page, "h1")).toEqual(["ndnet29-fcn32 on camvid"]);
    expect(factsOf(page)).toMatchObject({
      "best mean IoU": "62.5 % after step 2",
      "its pixel accuracy": "90.0 %",
      "time in steps": "1 s 0.50 s a step",
      parameters: "1.44 M",
    });
    expect(textsOf(page, "p")[0]).toContain("as of 2026-11-21 09:33 UTC");
  });

  it("has the photos that were kept", () => {
    const photos = findAll(render(full), "img").map(({ attributes }) => attributes);
    expect(photos).toEqual([
      { src: "data:image/png;base64,AAAA", alt: expect.stringContaining('photo "1": photo and truth') },
    ]);
  });

  it("escapes what comes from files", () => {
    const name = "<script>alert(1)</script>";
    const page = render(
      { ...full, evaluation: { ...evaluation, classes: [name, "b"] }, config: { weights: name } },
      { name, origin: { [name]: name } },
    );
    expect(findAll(page, "script")).toEqual([]);
    expect(rowsOf(page)).toContain(`weights|${name}`);
  });

  it("says what is still missing of a run before its first validation, and of an old one", () => {
    expect(render({}).match(/Comes with the first validation/g)?.length).toBe(3);
    expect(render({ losses: [1, 2, 3] }).match(/Comes with the first validation/g)?.length).toBe(3);
    const old = render({ ...full, evaluation: undefined });
    expect(old.match(/This run kept no evaluation.json/g)?.length).toBe(2);
  });

  it("has a mean of the loss where there are many steps, and marks stages", () => {
    const curves = (page: string) => textsOf(page, "li");
    expect(curves(render(full)).join()).not.toContain("mean of");
    const config = { stages: [{ epochs: 1 }, { epochs: 3 }] };
    const page = render({ losses: new Array<number>(200).fill(2), epochSteps: 50, config });
    expect(curves(page)).toContainEqual(expect.stringContaining("mean of 2 steps"));
    expect(textsOf(page, "text").filter((text) => text === "stage 2")).toHaveLength(2);
  });

  it("has one curve of learning rates where encoder and decoder learn alike", () => {
    expect(textsOf(render(full), "li")).toEqual(expect.arrayContaining(["encoder", "decoder"]));
    const run = runOf(full);
    const steps = run.steps.map((step) => ({ ...step, learningRate: [0.1, 0.1] as const }));
    expect(textsOf(renderReport({ ...run, steps }), "li")).toContain("encoder and decoder");
  });
});

describe("renderComparison", () => {
  const compare = (...runs: RunFiles[]) => {
    const page = renderComparison(runs.map((files, i) => ({ ...runOf(files), name: `run${i}` })));
    checkPage(page);
    return page;
  };
  const better = { ...full, validations: [validationOf(1, { ...iou, road: 0.95 })], config: { seed: 7 } };

  it("sets results, settings and classes side by side", () => {
    const page = compare(full, better, {});
    expect(textsOf(page, "h1")).toEqual(["3 runs compared"]);
    expect(rowsOf(page)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^run1 ndnet29-fcn32 on camvid\|72\.5 %\|1\|/),
        "seed|0|7|0",
        "road|75.0 %|95.0 %|–",
      ]),
    );
    expect(textsOf(page, "span", "best")).toEqual(["72.5 %", "50.0 %", "50.0 %", "95.0 %"]);
    expect(textsOf(page, "p", "warning")).toEqual([]);
  });

  it("says that results on different photos may not compare, and has no best of them", () => {
    const page = compare(full, { ...better, config: { validationSplit: "test" } });
    expect(textsOf(page, "p", "warning")).toEqual([expect.stringContaining("may not compare")]);
    expect(textsOf(page, "span", "best")).toEqual([]);
  });

  it("calls runs by their paths where their folders have the same name", () => {
    const [a, b] = ["/x/a", "/y/a"].map((folder) => ({ ...runOf(full), folder }));
    if (!a || !b) throw new Error("no runs");
    const page = renderComparison([a, b, { ...runOf(full), name: "c" }]);
    expect(textsOf(findAll(page, "table").at(-1), "th").slice(0, 4)).toEqual(["class", "/x/a", "/y/a", "c"]);
  });
});
