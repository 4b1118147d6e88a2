import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeModel } from "../../src/model-files/description.ts";
import { loadModel } from "../../src/model-files/node/load.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/runs/checkpoint.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { randomModel } from "../support/model.ts";

/** Compared as bytes: NaN, -0 and the last bit count, and it is fast. */
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

describe("checkpoints", () => {
  const model = randomModel();
  const splits = [{ name: "camvid train", photos: 367, ids: 7 }];
  const data = { description: model, splits };
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-checkpoint-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("come back as they were, bit for bit", async () => {
    const velocity = { shape: [3], data: Float32Array.of(1e-40, -0, Math.fround(1 / 3)) };
    const state = new Map([...model.weights, ["velocity:x", velocity]]);
    const path = join(folder, "last.safetensors");
    await writeCheckpoint(path, { step: 7, best: { miou: 0.5, step: 5 }, validationDue: true, state }, data);
    const read = await readCheckpoint(path);
    expect(read.step).toBe(7);
    expect(read.best).toEqual({ miou: 0.5, step: 5 });
    expect(read.validationDue).toBe(true);
    expect(read.data.splits).toEqual(splits);
    expect(read.data.description?.classes).toEqual(model.classes);
    expect([...read.state.keys()]).toEqual([...state.keys()]);
    const differs = [...state].filter(([name, { shape, data }]) => {
      const other = read.state.get(name);
      return !other || String(other.shape) !== String(shape) || !bytesOf(other.data).equals(bytesOf(data));
    });
    expect(differs).toEqual([]);
  });

  it("are models too: velocities are passed over", async () => {
    const path = join(folder, "model.safetensors");
    const state = new Map([...model.weights, ["velocity:x", { shape: [1], data: Float32Array.of(1) }]]);
    await writeCheckpoint(path, { step: 1, state }, data);
    expect([...(await loadModel({ model: path })).weights.keys()]).toEqual([...model.weights.keys()]);
  });

  it("of early versions are read, without the photos that they were trained on", async () => {
    const path = join(folder, "early.safetensors");
    const metadata = { ...describeModel(model), "lightseg.training": JSON.stringify({ step: 3 }) };
    await writeSafetensors(path, model.weights, { metadata });
    const read = await readCheckpoint(path);
    expect(read).toMatchObject({ step: 3, data: { splits: undefined } });
    expect(read.validationDue).toBeUndefined();
  });

  it("are told apart from models", async () => {
    const path = join(folder, "plain.safetensors");
    await writeSafetensors(path, model.weights, { metadata: describeModel(model) });
    await expect(readCheckpoint(path)).rejects.toMatchObject({ code: "INVALID_WEIGHTS" });
  });
});
