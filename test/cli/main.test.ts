import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Command, parseArguments } from "../../src/cli/arguments.ts";
import { findBatchVerb } from "../../src/cli/batch.ts";
import { evaluate } from "../../src/cli/evaluate.ts";
import { info } from "../../src/cli/info.ts";
import { segment } from "../../src/cli/segment.ts";
import { train } from "../../src/cli/train.ts";
import { typedSettings } from "../../src/cli/train-options.ts";
import { type CliResult, root, runCli, runJson } from "./run-cli.ts";

const verbs = ["segment", "train", "evaluate", "info", "convert"];

/** One line on standard error, nothing on standard output, exit code 2. */
function expectError({ code, stdout, stderr }: CliResult, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
}

describe("lightseg", { timeout: 180_000 }, () => {
  it("explains itself, each verb and its version", async () => {
    const [main, version, viaHelp, ...helps] = await Promise.all([
      runCli(["--help"]),
      runCli(["--version"]),
      runCli(["help", "train"]),
      ...verbs.map((verb) => runCli([verb, "--help"])),
    ]);
    for (const verb of verbs) expect(main.stdout).toContain(`\n  ${verb}`);
    const manifest = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(`${root}package.json`, "utf8")));
    expect(version.stdout).toBe(`${manifest.version}\n`);
    for (const [index, { code, stdout, stderr }] of helps.entries()) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`Usage: lightseg ${verbs[index]}`);
      expect(stdout).toContain("Examples:\n  lightseg");
      expect(stdout).toMatch(/\n {2}--json +Print one JSON object/);
    }
    expect(viaHelp.stdout).toBe(helps[1]?.stdout);
    expect(helps[2]?.stdout).toContain("A class that is in no mask and no");
  });

  it("ends with 2 when a verb or an option does not exist, or a value is missing or malformed", async () => {
    const [verb, option, value] = await Promise.all([
      runCli(["trian"]),
      runCli(["segment", "a.jpg", "--bogus"]),
      runCli(["train", "--run", "r", "--epochs", "-1", "--resume"]),
    ]);
    expectError(
      verb,
      /^lightseg: verb must be one of segment, batch, train, .*, got "trian" \(did you mean train\? see lightseg --help\)/,
    );
    expectError(option, /^lightseg segment: .*Unknown option '--bogus' \(see lightseg segment --help\)/);
    expectError(value, /^lightseg train: --epochs must be at least 1, got -1 \(see/);
  });

  it.each<[Command, string, string]>([
    [segment, "", "PHOTO|FOLDER... is required"],
    [segment, "a.jpg --model", "argument missing"],
    [segment, "a.jpg --model --confidence", "argument missing"],
    [segment, "a.jpg --json=1", "does not take an argument"],
    [segment, "a.jpg --out=", "--out must be a text that is not empty"],
    [segment, "a.jpg --opacity 1.5", "--opacity must be at most 1, got 1.5"],
    [segment, "a.jpg --opacity -.5", "--opacity must be at least 0, got -0.5"],
    [segment, "a.jpg --threads 0", "--threads must be at least 1, got 0"],
    [segment, "a.jpg --classes 256", "--classes must be at most 255, got 256"],
    [segment, "a.jpg b.jpg --scores s.npy", "--scores takes exactly one photo, and there are 2"],
    [segment, "a.jpg --scores s.txt", "--scores must be a file name that ends in .npy"],
    [segment, "a.jpg --model refinenet-lw-mobilenet-v2", "weights must be given"],
    [findBatchVerb("run"), "--out r", "SOURCE is required"],
    [info, "a b", '"b" is one argument too many'],
    [info, "--size 512", "--size must be height x width in pixels"],
    [info, "--size 0x9", "--size must be at least 1, got 0"],
    [evaluate, "--dataset camvid", "--data DIR is required"],
    [evaluate, "--dataset ade20k --data .", "--dataset must be one of camvid, voc"],
    [evaluate, "--dataset camvid --data . --split all", "split must be one of train, val, test"],
    [train, "--model refinenet-lw-mobilenet-v2", "--run DIR is required"],
    [train, "--run r", "--data DIR is required"],
    [train, "--run r --model ndnet45", "--data DIR is required"],
    [train, "--run r --model unet", "--model must be a network that lightseg info lists"],
    [train, "--run r --backbone vgg --decoder refinenet", "--backbone must be one of mobilenet-v2"],
    [train, "--run r --backbone resnet-18", "--decoder NAME is required"],
    [train, "--run r --backbone resnet-18 --decoder refinenet --model ndnet45", "--model cannot be given"],
    [train, "--run r --batch 1e1", "--batch must be a whole number of at least 1"],
    [train, "--run r --scale 2,1", "--scale must have the smaller number first, got [2, 1]"],
    [train, "--run r --encoder-lr 0", "--encoder-lr must be greater than 0, got 0"],
    [train, "--run r --schedule stages:100:1", "--schedule: factors must be 2 numbers"],
    [train, "--run r --schedule stages:9,5:1,1,1", "--schedule: boundaries must increase"],
    [train, "--run r --schedule poly:0", "--schedule: power must be greater than 0, got 0"],
    [train, "--run r --schedule cosine", "--schedule must be poly, poly:POWER or stages"],
    [train, "--run r --crop 5000x5000", "train: --crop must be at most 4096, got 5000"],
    [train, "--run r --replicas 300", "train: --replicas must be at most 256, got 300"],
    [train, "--run r --mirror", "Unknown option '--mirror' (see lightseg train --help)"],
    [train, "--run r --reusme", "Unknown option '--reusme' (did you mean --resume? see lightseg train"],
    [train, "--run r --recipe fintune", "(did you mean finetune? see"],
    [train, "--run r --data d --weights imagenett", "(did you mean imagenet? see"],
    [train, "--run r --model refinenet-lw-51", "(did you mean refinenet-lw-50? see"],
    [evaluate, "--dataset camvd --data .", "(did you mean camvid? see lightseg evaluate --help)"],
  ])("$0.name $1 is wrong usage", async (command, line, message) => {
    const argv = line.split(" ").filter((word) => word !== "");
    const running = async () => command.run(parseArguments(command, argv), () => undefined);
    await expect(running()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });

  it("passes on the training settings that were typed, and no others", async () => {
    const typed = (line: string) => typedSettings(parseArguments(train, line.split(" ")));
    expect(await typed("--run r")).toEqual({});
    const line =
      "--data d --scale 0.5,1.5 --no-mirror --weight-decay 1e-4 --schedule stages:100,200:1,0.5,0 --warmup 9";
    expect(await typed(line)).toEqual({
      data: resolve("d"),
      scale: [0.5, 1.5],
      mirror: false,
      weightDecay: 1e-4,
      schedule: { kind: "stages", boundaries: [100, 200], factors: [1, 0.5, 0], warmup: 9 },
    });
    expect(await typed("--schedule poly:2 --crop 64x96")).toEqual({
      schedule: { kind: "poly", power: 2 },
      crop: [64, 96],
    });
    expect(await typed("--backbone resnet-50 --decoder refinenet-lw")).toEqual({
      network: "refinenet-lw-50",
    });
    expect(await typed("--warmup 5")).toEqual({ schedule: { kind: "poly", power: 0.9, warmup: 5 } });
  });

  it("shows the verbs when none is typed", async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: lightseg VERB");
  });

  it("reports errors as JSON too", async () => {
    const wrong = await runJson(["segment", "a.jpg", "--opacity", "x"]);
    expect(wrong.code).toBe(2);
    expect(wrong.json).toEqual({
      error: {
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining('--opacity must be a number from 0 to 1, got "x"'),
      },
    });
    const missing = await runJson(["info", "camvit"]);
    expect(missing.code).toBe(1);
    expect(missing.json).toEqual({
      error: {
        code: "NOT_FOUND",
        message: expect.stringMatching(
          /\(did you mean camvid\? shipped: .*; networks: .*refinenet-lw-mobilenet-v2/,
        ),
      },
    });
  });
});
