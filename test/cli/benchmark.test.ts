import { describe, expect, it } from "vitest";
import { z } from "zod";
import { runCli, runJson } from "./run-cli.ts";

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
      preprocess: times,
      forward: times,
      postprocess: times,
    }),
  ),
});
const quick = ["--size", "33x47", "--runs", "2", "--warmup", "1", "--threads", "1"];

describe("lightseg benchmark", { timeout: 180_000 }, () => {
  it("times several models, each in a process of its own", async () => {
    const names = ["ndnet45", "refinenet-lw-mobile+ndnet29", "camvid-refinenet-lw-mobilenet-v2"];
    const { code, json, stderr } = await runJson(["benchmark", ...names, ...quick]);
    expect(code).toBe(0);
    const { models } = output.parse(json);
    expect(models.map(({ model }) => model)).toEqual(names);
    expect(models[2]?.network).toBe("refinenet-lw-mobilenet-v2");
    for (const { forward } of models) expect(forward.min).toBeLessThanOrEqual(forward.median);
    expect(stderr).toContain("ndnet45 3/3 (100 %)");
  });

  it("prints a table with its conditions", async () => {
    const { code, stdout } = await runCli([
      "benchmark",
      "--backbone",
      "ndnet45",
      "--decoder",
      "ndnet-fcn32",
      ...quick,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ms +forward +median +p95 +pre +post\nndnet45-fcn32 +\d+\.\d\d ± \d/);
    expect(stdout).toMatch(/33x47, batch 1, float32, 2 runs after 1; 1 threads of .*onnxruntime-node 1\./);
  });

  it.each([
    [["benchmark"], 2, "MODEL is required"],
    [["benchmark", "ndnet45", "nope"], 1, "model must be a shipped model, a network or a model file"],
    [["benchmark", "ndnet45", "--runs", "0"], 2, "--runs must be a whole number"],
    [["benchmark", "ndnet45", "--size", "big"], 2, "--size must be height x width"],
    [["benchmark", "ndnet45", "--paper"], 2, "--paper takes no model"],
  ])("%j ends with %i", async (argv, code, message) => {
    const result = await runCli(argv);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
    expect(result.stdout).toBe("");
  });
});
