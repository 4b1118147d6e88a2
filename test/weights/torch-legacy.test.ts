import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { valuesByFormula } from "../support/formula.ts";
import { decodePytorch, expectSameBits } from "../support/weights.ts";
import {
  float32,
  legacyCheckpoint,
  legacyMagic,
  legacyParts,
  legacyStorage,
  pickleTensor,
  type TestTensor,
} from "./checkpoint-writer.ts";
import { PickleWriter } from "./pickle-writer.ts";

const tensors = {
  "conv.weight": { values: float32(1, 2, 3, 4, 5, 6), shape: [2, 3] },
  "conv.bias": { values: float32(-1, 0.5), shape: [2] },
};

/** The checkpoint of `tensors` with some of its parts replaced. */
function changed(parts: Partial<Record<keyof ReturnType<typeof legacyParts>, Uint8Array>>): Buffer {
  return Buffer.concat(Object.values({ ...legacyParts(tensors), ...parts }));
}

function pickle(): PickleWriter {
  return new PickleWriter().proto();
}

describe("reads", () => {
  test("a state dict", () => {
    expect([...decodePytorch(legacyCheckpoint(tensors), "x")]).toEqual([
      ["conv.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["conv.bias", { shape: [2], data: Float32Array.of(-1, 0.5) }],
    ]);
  });

  test("storages of every size, in the order of their list", () => {
    const doubles = new Uint8Array(Float64Array.of(1, 2, 3).buffer);
    const mixed: Record<string, TestTensor> = {
      bytes: { values: Uint8Array.of(1, 2, 3), shape: [3], storageType: "ByteStorage", size: 1 },
      doubles: { values: doubles, shape: [3], storageType: "DoubleStorage", size: 8 },
      none: { values: float32(), shape: [0] },
      halves: { values: Uint8Array.of(0, 0x3c), shape: [], storageType: "HalfStorage", size: 2 },
    };
    const keys = pickle().emptyList().mark().text("3").text("1").text("2").text("0").appends().stop();
    const { bytes, doubles: large, none, halves } = mixed;
    const storages = Buffer.concat(
      [halves, large, none, bytes].flatMap((t) => (t ? [legacyStorage(t)] : [])),
    );
    const file = Buffer.concat(Object.values({ ...legacyParts(mixed), keys, storages }));
    const values = [...decodePytorch(file, "x")].map(([name, { data }]) => [name, [...data]]);
    expect(values).toEqual([
      ["bytes", [1, 2, 3]],
      ["doubles", [1, 2, 3]],
      ["none", []],
      ["halves", [1]],
    ]);
  });

  test("a tensor in a view of a storage", () => {
    const values = float32(0, 1, 2, 3, 4, 5);
    const file = legacyCheckpoint({ t: { values, shape: [2], offset: 1, view: [2, 3] } });
    expect([...(decodePytorch(file, "x").get("t")?.data ?? [])]).toEqual([3, 4]);
  });

  test("what Python 2 wrote: byte strings, an OrderedDict of pairs, _rebuild_tensor, ints of any size", () => {
    const writer = pickle().emptyDict().mark().shortBytes("epoch").long(7n).shortBytes("state_dict");
    writer.global("collections", "OrderedDict").emptyList().mark();
    writer.emptyList().mark().shortBytes("module.conv.weight");
    writer.global("torch._utils", "_rebuild_tensor").mark();
    writer.mark().shortBytes("storage").global("torch", "FloatStorage");
    writer.shortBytes("0").shortBytes("cuda:0").long(6n).none().tuple().persistentId();
    writer.int(0).mark().long(2n).long(3n).tuple().mark().long(3n).long(1n).tuple().tuple().reduce();
    writer.appends().appends().tuple1().reduce().setItems();
    const keys = pickle().emptyList().mark().shortBytes("0").appends().stop();
    const weight = tensors["conv.weight"];
    const file = changed({ pickle: writer.stop(), keys, storages: legacyStorage(weight) });
    expect([...decodePytorch(file, "x")]).toEqual([
      ["conv.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ]);
  });

  test("two tensors of one storage", () => {
    const writer = pickle().emptyDict().mark();
    const { values } = tensors["conv.weight"];
    pickleTensor(writer.text("all"), "0", { values, shape: [6] });
    pickleTensor(writer.text("end"), "0", { values, shape: [2], offset: 4 });
    const file = legacyCheckpoint({ all: { values, shape: [6] } }, writer.setItems().stop());
    const weights = decodePytorch(file, "x");
    expect([...weights.values()].map(({ data }) => [...data])).toEqual([
      [1, 2, 3, 4, 5, 6],
      [5, 6],
    ]);
  });
});

describe("refuses", () => {
  const state = (tensor: Partial<TestTensor>) =>
    legacyCheckpoint({ t: { values: float32(1, 2), shape: [2], ...tensor } });
  const keys = (...names: string[]) => {
    const writer = pickle().emptyList().mark();
    for (const name of names) writer.text(name);
    return { keys: writer.appends().stop() };
  };
  const machine = pickle().emptyDict().mark().text("little_endian").raw(0x89).setItems().stop();

  test.each<[string, Uint8Array]>([
    [
      "does not begin with PyTorch's magic number",
      changed({
        magic: pickle().long(legacyMagic).int(1).stop(),
      }),
    ],
    ["is of another protocol than 1001", changed({ protocol: pickle().int(1002).stop() })],
    ["must be saved on a little-endian machine", changed({ machine })],
    ["must be saved on a little-endian machine", changed({ machine: pickle().none().stop() })],
    ["it lists no storages", changed({ keys: pickle().none().stop() })],
    ["it lists a storage twice", changed(keys("0", "0"))],
    ["or one that no tensor has", changed(keys("0", "1", "2"))],
    ["or one that no tensor has", changed({ keys: pickle().emptyList().mark().int(0).appends().stop() })],
    ['holds no storage "1"', changed(keys("0"))],
    ['storage "1" must hold 2 elements', changed(keys("1", "0"))],
    ["in the middle of an item", legacyCheckpoint(tensors).subarray(0, -1)],
    ["in the middle of an item", changed({ storages: Buffer.alloc(0) })],
    ["in the middle of an item", state({ storageLength: 3 })],
    ["must lie in its storage of 2", state({ offset: 1 })],
    ["must lie in its storage of 1", state({ view: [1, 1] })],
    ["a view does not lie in its storage", state({ view: [1, 2] })],
    ["a view does not lie in its storage", state({ view: [-1, 1] })],
    ["imports torch.nn.Module", changed({ pickle: pickle().global("torch.nn", "Module").stop() })],
  ])("%s", (message, file) => {
    expect(() => decodePytorch(file, "x")).toThrow(LightsegError);
    expect(() => decodePytorch(file, "x")).toThrow(message);
  });

  test("a storage of two types or sizes", () => {
    for (const other of [{ storageType: "IntStorage" }, { storageLength: 1 }]) {
      const writer = pickle().emptyDict().mark();
      const tensor = { values: float32(1, 2), shape: [1] };
      pickleTensor(writer.text("a"), "0", tensor);
      pickleTensor(writer.text("b"), "0", { ...tensor, ...other });
      const file = legacyCheckpoint({ t: tensor }, writer.setItems().stop());
      expect(() => decodePytorch(file, "x")).toThrow('storage "0" has two types or sizes');
    }
  });
});

test("reads PyTorch's own file, bit for bit as from its zip container", () => {
  const [old, zipped] = ["checkpoint.pth.tar", "checkpoint.pth"].map((name) =>
    decodePytorch(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)), name),
  );
  const names = ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"];
  expect([...(old?.keys() ?? [])]).toEqual(expect.arrayContaining(names.map((name) => `layer1.${name}`)));
  for (const [name, { shape, data }] of old ?? [])
    if (!name.endsWith("num_batches_tracked")) expect(data, name).toEqual(valuesByFormula(name, shape));
  expectSameBits(old ?? new Map(), zipped ?? new Map());
});
