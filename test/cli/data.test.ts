import { link, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseArguments } from "../../src/cli/arguments.ts";
import { dataCommand } from "../../src/cli/data.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";
import { runJson, startCli } from "./run-cli.ts";

const output = z.object({
  dataset: z.string(),
  errors: z.number(),
  splits: z.array(
    z.object({
      split: z.string(),
      samples: z.number().optional(),
      sound: z.number().optional(),
      issues: z.array(z.object({ severity: z.string(), id: z.string().optional(), message: z.string() })),
    }),
  ),
  shared: z.array(z.object({ message: z.string() })),
});

let directory: string;
let source: string[];
const file = (...names: string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-data-"));
  source = ["check", "--data", directory];
  await writeFile(file("dataset.yaml"), "name: garden\nclasses: [grass, path, pond]");
  for (const id of ["train/a", "train/b", "val/c"]) {
    await writePhoto(file(`images/${id}.jpg`), 2, 2);
    await writeMask(file(`masks/${id}.png`), 2, [0, 0, 1, 255]);
  }
});
afterEach(() => rm(directory, { recursive: true }));

/** In this process, which need not be started each time. */
async function run(...argv: string[]) {
  const lines: string[] = [];
  const outcome = await dataCommand.run(parseArguments(dataCommand, argv), (line) => lines.push(line));
  return { code: outcome.exitCode ?? 0, text: lines.join("\n"), json: outcome.json };
}

describe("lightseg data check", { timeout: 120_000 }, () => {
  it("tells every fault, writes the page, and ends with 1", async () => {
    await rm(file("masks/train/a.png"));
    await rm(file("images/val/c.jpg"));
    const page = file("check.html");
    const { code, json, stderr } = await runJson(["data", ...source, "--out", page, "--samples", "1"]);
    expect(code).toBe(1);
    const { dataset, errors, splits } = output.parse(json);
    expect([dataset, errors]).toEqual(["garden", 2]);
    expect(splits.map(({ split, samples, sound }) => [split, samples, sound])).toEqual([
      ["train", 2, 1],
      ["val", 1, 0],
    ]);
    expect(splits.map(({ issues }) => issues.map(({ severity, id }) => [severity, id]))).toEqual([
      [
        ["error", "a"],
        ["warning", undefined],
        ["warning", undefined],
      ],
      [["error", "c"]],
    ]);
    expect(stderr).toContain("train 2/2 (100 %)");
    expect(stderr).toContain(`wrote ${page}`);
    const html = await readFile(page, "utf8");
    expect(html.match(/<figcaption>\w+/g)).toEqual(["<figcaption>b"]);
    expect(html).toContain("<h2>val</h2>");
    expect(html).toContain("a.png: mask must exist");
  });

  it("ends with 0 where there are warnings only", async () => {
    await writePhoto(file("images/val/a.jpg"), 2, 2);
    await writeMask(file("masks/val/a.png"), 2, [0, 0, 1, 2]);
    const { code, text, json } = await run(...source);
    expect(code).toBe(0);
    expect(output.parse(json)).toMatchObject({ errors: 0, shared: [{ message: "a is in train and val" }] });
    expect(text).toBe(
      [
        "train",
        "2 samples, 2 without error",
        "pixels  lowest  median  highest",
        "width        2       2        2",
        "height       2       2        2",
        "class       share  photos",
        "grass      50.0 %       2",
        "path       25.0 %       2",
        "pond        0.0 %       0",
        "(ignored)  25.0 %       2",
        "warning: class pond has no pixel in train",
        'warning: masks of train hold 255, which is ignored, and 2 of 3 classes: if 255 means a class, give that class "value: 255" and set "ignore: []" in dataset.yaml',
        "",
        "val",
        "2 samples, 2 without error",
        "pixels  lowest  median  highest",
        "width        2       2        2",
        "height       2       2        2",
        "class       share  photos",
        "grass      50.0 %       2",
        "path       25.0 %       2",
        "pond       12.5 %       1",
        "(ignored)  12.5 %       1",
        "",
        "warning: a is in train and val",
      ].join("\n"),
    );
  });

  it("reads the splits asked for; one that cannot be opened is an error, and the others are read", async () => {
    const { code, json } = await run(...source, "--split", "test,val");
    expect(code).toBe(1);
    const { splits } = output.parse(json);
    expect(splits.map(({ split, sound }) => [split, sound])).toEqual([
      ["test", undefined],
      ["val", 1],
    ]);
    expect(splits[0]?.issues[0]?.message).toMatch(/test: folder must be readable/);
  });

  it("shows the first issues only", async () => {
    for (let index = 0; index < 25; index++) await writePhoto(file(`images/train/n${index}.jpg`), 1, 1);
    const { text, json } = await run(...source, "--split", "train");
    expect(text.match(/^error: /gm)?.length).toBe(20);
    expect(text).toContain("and 7 more; --json and --out have all");
    expect(output.parse(json).errors).toBe(25);
  });

  it("ends at Ctrl-C and leaves no page", async () => {
    // Enough to read for many seconds, so that the signal comes before the end on any machine.
    await writePhoto(file("large.png"), 1000, 1000);
    await writeMask(file("large-mask.png"), 1000, new Array(1_000_000).fill(0));
    for (let index = 0; index < 500; index++) {
      await link(file("large.png"), file(`images/train/n${index}.png`));
      await link(file("large-mask.png"), file(`masks/train/n${index}.png`));
    }
    const page = file("check.html");
    const { child, ended } = startCli(["data", ...source, "--out", page]);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130, stdout: "", stderr: expect.stringContaining("stopping") });
    expect((await readdir(directory)).filter((name) => name.includes("html"))).toEqual([]);
  });

  it.each([
    [["check"], "--data DIR is required"],
    [["look", "--dataset", "custom", "--data", "x"], 'data must be check, got "look"'],
    [[], "check is required"],
    [
      ["check", "--data", "x", "--split", "train,vall"],
      '--split must be of train, val, test for data set custom, got "vall" (did you mean val?',
    ],
    [["check", "--data", "x", "--split", "train,"], "--split must be one or more names, with commas between"],
    [
      ["check", "--dataset", "camvid", "--data", "x", "--split", "train_aug"],
      "--split must be of train, val, test, trainval, train-without-0001TP, ",
    ],
    [["check", "--data", "x", "--samples", "3"], "--samples needs --out"],
  ])("%j is refused", async (argv, message) => {
    await expect(run(...argv)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });
});
