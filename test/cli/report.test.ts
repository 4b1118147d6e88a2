import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPage } from "../html/check-page.ts";
import { rowsOf } from "../html/read-markup.ts";
import { evaluation, validationOf, writeRun } from "../report/run-files.ts";
import { runCli, runJson } from "./run-cli.ts";

let root = "";
const file = (...names: string[]) => join(root, ...names);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lightseg-cli-report-"));
  const validations = [validationOf(2, { "<sky>": 0.5, road: 0.75 })];
  await writeRun(file("a"), { losses: [3, 2], validations, evaluation });
  await writeRun(file("b"), { losses: [3], config: { epochs: 2, seed: 5 } });
});
afterAll(() => rm(root, { recursive: true }));

describe("lightseg report", { timeout: 300_000 }, () => {
  it("writes the page of a run into its folder, and changes nothing else there", async () => {
    const before = await readdir(file("a"));
    const { code, stdout } = await runCli(["report", file("a")]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${file("a")}: ndnet29-fcn32 on camvid, finished at step 2, best mean IoU 62.5 % after step 2`,
    );
    expect(stdout).toContain(file("a", "report.html"));
    expect((await readdir(file("a"))).sort()).toEqual([...before, "report.html"].sort());
    const page = await readFile(file("a", "report.html"), "utf8");
    checkPage(page);
    expect(rowsOf(page)).toContain("<sky> taken for road|25.0 %|66.7 %");
  });

  it("compares runs in a page of their own, and tells programs what it found", async () => {
    const out = file("both.html");
    const { code, json } = await runJson(["report", file("a"), file("b"), "--out", out]);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      report: out,
      runs: [
        { run: file("a"), state: "finished", step: 2, best: { step: 2, miou: 0.625 }, seconds: 1 },
        { run: file("b"), state: "stopped", step: 1, epoch: 1, epochs: 2, best: null },
      ],
    });
    const page = await readFile(out, "utf8");
    checkPage(page);
    expect(rowsOf(page)).toContain("seed|0|5");
    expect(existsSync(file("b", "report.html"))).toBe(false);
  });

  it("writes comparison.html where it runs unless told otherwise", async () => {
    expect((await runCli(["report", "a", "b"], root)).code).toBe(0);
    expect(existsSync(file("comparison.html"))).toBe(true);
  });

  it("says what is wrong with a folder, and writes no page", async () => {
    const { code, stderr } = await runCli(["report", file("a"), file("nowhere"), "--out", file("none.html")]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${file("nowhere")}: folder must hold a training run (name a folder that lightseg train --run`,
    );
    expect(existsSync(file("none.html"))).toBe(false);
  });

  it("needs a run", async () => {
    const { code, stderr } = await runCli(["report"]);
    expect(code).toBe(2);
    expect(stderr).toContain("RUN");
  });
});
