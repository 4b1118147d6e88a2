import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseArguments } from "../../src/cli/arguments.ts";
import { benchmark } from "../../src/cli/benchmark.ts";
import { runJson, startCli } from "./run-cli.ts";

const times = z.object({
  mean: z.number().positive(),
  deviation: z.number().nonnegative(),
  median: z.number().positive(),
  p95: z.number().positive(),
  min: z.number().positive(),
});
const output = z.object({
  device: z.object({ cpu: z.string(), node: z.string(), engine: z.string(), threads: z.literal(1) }),
  size: z.object({ height: z.literal(33), width: z.literal(47) }),
  runs: z.literal(2),
  warmup: z.literal(1),
  models: z.array(
    z.object({
      model: z.string(),
      network: z.string(),
      classes: z.number(),
      dtype: z.enum(["fp32", "fp16", "int8"]),
      device: z.literal("cpu"),
      parameters: z.number(),
      macs: z.number(),
      peakActivationBytes: z.number(),
      forward: times,
      postprocess: times,
    }),
  ),
});
const quick = ["--size", "33x47", "--runs", "2", "--warmup", "1", "--threads", "1"];

/** In this process, where the engine need not be loaded each time. */
async function run(...argv: string[]): Promise<string> {
  const lines: string[] = [];
  await benchmark.run(parseArguments(benchmark, argv), (line) => lines.push(line));
  return lines.join("\n");
}

describe("lightseg benchmark", { timeout: 120_000 }, () => {
  it("times several models, each in a process of its own", async () => {
    const names = ["refinenet-lw-mobile+ndnet29", "camvid"];
    const { code, json, stderr } = await runJson(["benchmark", ...names, ...quick]);
    expect(code).toBe(0);
    const { models } = output.parse(json);
    expect(models.map(({ model, network, classes }) => [model, network, classes])).toEqual([
      [names[0], names[0], 21],
      [names[1], "refinenet-lw-mobilenet-v2", 11],
    ]);
    // The shipped model's parameters as its card has them; 11 classes.
    expect(models[1]?.parameters).toBe(3_261_515);
    for (const { forward } of models) {
      expect(forward.min).toBeLessThanOrEqual(forward.median);
      expect(forward.median).toBeLessThanOrEqual(forward.p95);
    }
    expect(stderr).toContain(`${names[0]} 3/3 (100 %)`);
  });

  it("times a shipped model in int8", async () => {
    expect(await run("camvid", "--dtype", "auto", ...quick)).toContain("11 classes, int8 on cpu, 2 runs");
    expect(await run("models/camvid.int8.onnx", ...quick)).toContain("11 classes, int8 on cpu, 2 runs");
  });

  it("prints a table with its conditions", async () => {
    const text = await run("--backbone", "ndnet45", "--decoder", "ndnet-fcn32", "--classes", "5", ...quick);
    expect(text).toMatch(
      /^ms +params M +MACs G +maps MB +forward +median +p95 +min +post\nndnet45-fcn32 +0\.40 +0\.00 +0\.0 +\d+\.\d\d ± \d/,
    );
    expect(text).toMatch(
      /33x47, batch 1, 5 classes, fp32 on cpu, 2 runs after 1; threads: 1 of .*onnxruntime-node 1\./,
    );
  });

  it("ends at Ctrl-C, and with it the process that is at work", async () => {
    const { child, ended } = startCli([
      "benchmark",
      "ndnet29-fcn32",
      "ndnet45",
      "--size",
      "33x47",
      "--runs",
      "1000000",
    ]);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    child.kill("SIGINT");
    // The output is closed only when the inner process, which shares it, has ended too.
    expect(await ended).toMatchObject({ code: 130, stdout: "" });
  });

  it.each([
    [[], "INVALID_ARGUMENT", "MODEL is required"],
    [["ndnet45", "nope"], "NOT_FOUND", "model must be a shipped model, a network or a model file"],
    [["ndnet45", "--dtype", "int8"], "INVALID_ARGUMENT", "dtype must not be int8 for ndnet45"],
    [["camvid-ndnet45", "--dtype", "int8"], "INVALID_ARGUMENT", "dtype must not be int8 for camvid-ndnet45"],
    [["ndnet45", "--runs", "0"], "INVALID_ARGUMENT", "--runs must be at least 1, got 0"],
    [["ndnet45", "--size", "big"], "INVALID_ARGUMENT", "--size must be height x width"],
    [["ndnet45", "--paper"], "INVALID_ARGUMENT", "--paper takes no model"],
    [["--zoo", "ndnet45"], "INVALID_ARGUMENT", "--zoo takes no model"],
    [["--zoo", "--paper"], "INVALID_ARGUMENT", "--paper and --zoo do not go together"],
  ])("%j is refused", async (argv, code, message) => {
    await expect(run(...argv)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});
