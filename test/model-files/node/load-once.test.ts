import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

const { opened, built } = vi.hoisted(() => ({ opened: vi.fn(), built: vi.fn() }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:fs/promises")>();
  const counted =
    <A extends [unknown, ...unknown[]], R>(action: (...args: A) => R) =>
    (...args: A) => {
      opened(String(args[0]));
      return action(...args);
    };
  return { ...original, open: counted(original.open), readFile: counted(original.readFile) };
});
vi.mock("../../../src/models/network.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../../src/models/network.ts")>();
  return {
    ...original,
    buildNetwork: (options: Parameters<typeof original.buildNetwork>[0]) => {
      built();
      return original.buildNetwork(options);
    },
  };
});

const { describeModel } = await import("../../../src/model-files/description.ts");
const { loadModel, loadRunnableModel } = await import("../../../src/model-files/node/load.ts");
const { writeSafetensors } = await import("../../../src/weights/node/write.ts");
const { randomModel } = await import("../../support/model.ts");

/** How often files with weights were opened, and networks built, until the model was there. */
async function count(load: () => Promise<unknown>) {
  await load();
  const files = opened.mock.calls.map(([path]) => path).filter((path) => /\.(safetensors|onnx)$/.test(path));
  return { files: files.length, networks: built.mock.calls.length };
}

describe("a model is read once and its network built once", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-once-"));
    const model = randomModel();
    await writeSafetensors(file("model.safetensors"), model.weights, { metadata: describeModel(model) });
    await writeSafetensors(file("plain.safetensors"), model.weights);
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    opened.mockClear();
    built.mockClear();
  });

  it("for a network with plain weights, whose classes are inferred", async () => {
    const weights = file("plain.safetensors");
    const load = () => loadModel({ model: "refinenet-lw-mobilenet-v2", weights, onNote: () => undefined });
    expect(await count(load)).toEqual({ files: 1, networks: 1 });
  });

  it("for a model file", async () => {
    expect(await count(() => loadModel({ model: file("model.safetensors") }))).toEqual({
      files: 1,
      networks: 1,
    });
  });

  it("for a shipped model, in fp32 and in int8, which needs no network", async () => {
    expect(await count(() => loadRunnableModel({ dtype: "fp32" }))).toEqual({ files: 1, networks: 1 });
    opened.mockClear();
    built.mockClear();
    expect(await count(() => loadRunnableModel({ dtype: "int8" }))).toEqual({ files: 1, networks: 0 });
  });

  it("for a model with other weights: two files", async () => {
    const options = { model: file("model.safetensors"), weights: file("plain.safetensors") };
    expect(await count(() => loadModel(options))).toEqual({ files: 2, networks: 1 });
  });
});
