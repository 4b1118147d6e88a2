import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { isUnloadable, requireEngine, unloadableEngine } from "../../../src/runtime/node/engine-package.ts";

describe("requireEngine", () => {
  it("is content where the engine is", () => {
    expect(() => requireEngine()).not.toThrow();
  });

  it("says how to install it where it is not, in the version that the package names", async () => {
    const missing = () => {
      throw new Error("Cannot find module");
    };
    const { default: manifest } = await import("../../../package.json", { with: { type: "json" } });
    const name = `onnxruntime-node@${manifest.peerDependencies["onnxruntime-node"]}`;
    expect(() => requireEngine(missing)).toThrow(
      `openSession: onnxruntime-node must be installed, which runs networks in Node (npm install ${name};`,
    );
  });
});

describe("unloadableEngine", () => {
  it("tells an engine that is not for this system, or cannot be loaded, from other failures", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lightseg-engine-"));
    const failureOf = async (code: string) => {
      const [error] = await once(new Worker(code, { eval: true }), "error");
      return error;
    };
    const load = (name: string) => failureOf(`require(${JSON.stringify(join(folder, name))})`);
    await writeFile(join(folder, "damaged.node"), "junk");
    for (const name of ["missing.node", "damaged.node"]) {
      const error = await load(name);
      expect(isUnloadable(error)).toBe(true);
      expect(unloadableEngine(error).code).toBe("DEPENDENCY");
      expect(unloadableEngine(error).message).toContain(
        `must be loadable on this system, ${process.platform} on ${process.arch}: `,
      );
      expect(unloadableEngine(error).message).toContain(name);
    }
    expect(isUnloadable(await failureOf("throw new Error('no such output')"))).toBe(false);
    await rm(folder, { recursive: true });
  });
});
