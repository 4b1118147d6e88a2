import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { readWeights } from "../../src/weights/read.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import type { Weights } from "../../src/weights/types.ts";
import { checkpoint, float32 } from "./checkpoint-writer.ts";

const weights: Weights = new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]);
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-weights-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function failureOf(action: Promise<unknown>): Promise<LightsegError> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LightsegError)) throw new Error(`expected a LightsegError, got ${error}`);
  expect(error.message).not.toContain("\n");
  return error;
}

describe("readWeights", () => {
  test("tells the formats apart by content, not by name", async () => {
    await writeFile(join(folder, "a.pth"), encodeSafetensors(weights, { metadata: { net: "x" } }));
    await writeFile(join(folder, "b.safetensors"), checkpoint({ a: { values: float32(1, 2), shape: [2] } }));
    expect(await readWeights(join(folder, "a.pth"))).toEqual({ weights, metadata: { net: "x" } });
    expect(await readWeights(join(folder, "b.safetensors"))).toEqual({ weights, metadata: {} });
  });

  test("says that there is no such file", async () => {
    const error = await failureOf(readWeights(join(folder, "none.pth")));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toMatch(/^readWeights: .*none\.pth cannot be read: ENOENT/);
  });

  test("says that a folder is no file", async () => {
    const error = await failureOf(readWeights(folder));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toMatch(/must be a file$/);
  });

  test.each([
    ["is empty", ""],
    ["is neither a safetensors file nor a PyTorch checkpoint", "# Read me\n\nThis is text.\n"],
    ["is neither a safetensors file nor a PyTorch checkpoint", "short"],
  ])("says that a file %s", async (rule, text) => {
    const path = join(folder, "a.pth");
    await writeFile(path, text);
    const error = await failureOf(readWeights(path));
    expect(error.code).toBe("INVALID_WEIGHTS");
    expect(error.message).toBe(`readWeights: ${path} ${rule}`);
  });

  test("names the file that is cut off", async () => {
    const path = join(folder, "a.safetensors");
    await writeFile(path, encodeSafetensors(weights).subarray(0, -1));
    const error = await failureOf(readWeights(path));
    expect(error.message).toBe(`${path}: tensor "a" must end within the 7 bytes of data, got 8`);
  });
});
