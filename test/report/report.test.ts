import { describe, expect, it } from "vitest";
import { renderComparison } from "../../src/report/compare.ts";
import { renderReport } from "../../src/report/report.ts";
import { checkPage } from "../html/check-page.ts";
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
    expect(page).toContain("<h1>ndnet29-fcn32 on camvid</h1>");
    expect(page).toContain("<dt>best mean IoU</dt><dd>62.5 %<small>after step 2</small>");
    expect(page).toContain("<dt>its pixel accuracy</dt><dd>90.0 %</dd>");
    expect(page).toContain("<dt>time in steps</dt><dd>1 s<small>0.50 s a step</small>");
    expect(page).toContain("<dt>parameters</dt><dd>1.44 M</dd>");
    expect(page).toContain("as of 2026-11-21 09:33 UTC");
  });

  it("has the photos that were kept", () => {
    expect(render(full)).toMatch(
      /<img src="data:image\/png;base64,AAAA" alt="photo &quot;1&quot;: photo and truth/,
    );
  });

  it("escapes what comes from files", () => {
    const name = "<script>alert(1)</script>";
    const page = render(
      { ...full, evaluation: { ...evaluation, classes: [name, "b"] }, config: { weights: name } },
      { name, origin: { [name]: name } },
    );
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;script&gt;");
  });

  it("says what is still missing of a run before its first validation, and of an old one", () => {
    expect(render({}).match(/Comes with the first validation/g)?.length).toBe(3);
    expect(render({ losses: [1, 2, 3] }).match(/Comes with the first validation/g)?.length).toBe(3);
    const old = render({ ...full, evaluation: undefined });
    expect(old.match(/This run kept no evaluation.json/g)?.length).toBe(2);
  });

  it("has a mean of the loss where there are many steps, and marks stages", () => {
    expect(render(full)).not.toContain("mean of");
    const config = { stages: [{ epochs: 1 }, { epochs: 3 }] };
    const page = render({ losses: new Array<number>(200).fill(2), epochSteps: 50, config });
    expect(page).toContain("mean of 2 steps");
    expect(page.match(/>stage 2<\/text>/g)?.length).toBe(2);
  });

  it("has one curve of learning rates where encoder and decoder learn alike", () => {
    expect(render(full)).toContain("</span>decoder</li>");
    const run = runOf(full);
    const steps = run.steps.map((step) => ({ ...step, learningRate: [0.1, 0.1] as const }));
    expect(renderReport({ ...run, steps })).toContain("</span>encoder and decoder</li>");
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
    expect(page).toContain("<h1>3 runs compared</h1>");
    expect(page).toContain(
      'run1<small>ndnet29-fcn32 on camvid</small></th><td><span class="best">72.5 %</span>',
    );
    expect(page).toContain('<tr><th scope="row">seed</th><td>0</td><td>7</td><td>0</td></tr>');
    expect(page).toContain("road</th><td>75.0 %</td>");
    expect(page).not.toContain("may not compare");
  });

  it("says that results on different photos may not compare, and has no best of them", () => {
    const page = compare(full, { ...better, config: { validationSplit: "test" } });
    expect(page).toContain("may not compare");
    expect(page).not.toContain('class="best"');
  });

  it("calls runs by their paths where their folders have the same name", () => {
    const [a, b] = ["/x/a", "/y/a"].map((folder) => ({ ...runOf(full), folder }));
    if (!a || !b) throw new Error("no runs");
    const page = renderComparison([a, b, { ...runOf(full), name: "c" }]);
    expect(page).toContain('<th scope="col">/x/a</th><th scope="col">/y/a</th><th scope="col">c</th>');
  });
});
