import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { parseArguments } from "../src/cli/arguments.ts";
import { findBatchVerb } from "../src/cli/batch.ts";
import { root } from "./cli/run-cli.ts";

const read = (name: string) => readFile(join(root, "deploy", name), "utf8");
const environment = z.record(z.string(), z.string()).default({});
const composeSchema = z.object({
  services: z.object({
    redis: z.object({ image: z.string(), command: z.string(), environment }),
    worker: z.object({
      build: z.object({ context: z.string(), dockerfile: z.string() }),
      command: z.array(z.string()),
      environment,
    }),
  }),
});
const manifestSchema = z.object({
  apiVersion: z.string(),
  kind: z.enum(["StatefulSet", "Service", "Deployment"]),
  metadata: z.object({ name: z.string(), namespace: z.literal("lightseg") }),
  spec: z.looseObject({}),
});

/** Fails for a verb or an option that is not there. */
async function expectCommand([first, word, ...rest]: readonly string[]): Promise<void> {
  expect(first).toBe("batch");
  parseArguments(await findBatchVerb(word), rest);
}

describe("deploy/", () => {
  it("has a Compose file whose worker is built, runs, and reaches no further than its network", async () => {
    const text = await read("compose.yaml");
    const { services } = composeSchema.parse(parse(text));
    const context = join(root, "deploy", services.worker.build.context);
    expect(existsSync(join(context, services.worker.build.dockerfile))).toBe(true);
    expect(existsSync(join(context, "package.json"))).toBe(true);
    await expectCommand(services.worker.command);
    expect(services.worker.environment.LIGHTSEG_QUEUE).toMatch(/^redis:\/\/:\$\{REDIS_PASSWORD:\?/);
    expect(services.redis.command).toContain("--appendonly yes");
    expect(services.redis.command).toContain("--requirepass");
    expect(text).not.toMatch(/^\s+ports:/m);
  });

  it("has manifests for Kubernetes with a worker that runs, and no password in them", async () => {
    const text = await read("kubernetes.yaml");
    const documents = parseAllDocuments(text);
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const manifests = documents.map((document) => manifestSchema.parse(document.toJS()));
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      "StatefulSet redis",
      "Service redis",
      "Deployment worker",
    ]);
    const args = /args: (\["batch".*\])/.exec(text)?.[1] ?? "[]";
    await expectCommand(z.array(z.string()).parse(parse(args)));
    expect(text).toMatch(/type: ClusterIP/);
    expect(text).not.toMatch(/value: .*(PASSWORD|SECRET)/);
  });

  it("has a Dockerfile with the versions that package.json asks for", async () => {
    const text = await read("Dockerfile");
    const { engines, peerDependencies, bin } = z
      .object({
        engines: z.object({ node: z.string() }),
        peerDependencies: z.record(z.string(), z.string()),
        bin: z.object({ lightseg: z.string() }),
      })
      .parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
    for (const [name, version] of Object.entries(peerDependencies))
      expect(text).toContain(`${name}@${version}`);
    const [, lowest = "0"] = />=(\d+)/.exec(engines.node) ?? [];
    for (const [, major] of text.matchAll(/^FROM node:(\d+)-/gm))
      expect(Number(major)).toBeGreaterThanOrEqual(Number(lowest));
    expect(text).toContain(`node_modules/lightseg/${bin.lightseg}`);
    const command = z.array(z.string()).parse(JSON.parse(/^CMD (.*)$/m.exec(text)?.[1] ?? "[]"));
    await expectCommand(command);
    expect(text).toMatch(/^USER node$/m);
    expect((await read("Dockerfile.dockerignore")).split("\n")).toContain("node_modules");
  });

  const hasCompose = spawnSync("docker", ["compose", "version"]).status === 0;
  it.skipIf(!hasCompose)("has a Compose file that Docker itself takes", () => {
    const { status, stderr } = spawnSync(
      "docker",
      ["compose", "-f", join(root, "deploy", "compose.yaml"), "config", "--quiet"],
      { env: { ...process.env, REDIS_PASSWORD: "x" }, encoding: "utf8" },
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });
});
