import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { unwrapNames } from "../../src/weights/choose-names.ts";
import { type TorchStorage, TorchTensor } from "../../src/weights/torch-objects.ts";
import { findTensors } from "../../src/weights/torch-state-dict.ts";

const storage: TorchStorage = { block: { key: "0", type: "F32", length: 1 }, start: 0, length: 1 };

/** A dict as a pickle gives it; a number becomes a tensor of that offset, to tell them apart. */
function dict(entries: Record<string, unknown>): Map<unknown, unknown> {
  return new Map(
    Object.entries(entries).map(([name, value]) => [
      name,
      typeof value === "number" ? new TorchTensor(storage, value, [], []) : value,
    ]),
  );
}

/** The names that are found, with the offsets of their tensors. */
function find(checkpoint: unknown): Record<string, number> {
  const { tensors, names } = findTensors(checkpoint, "x");
  return Object.fromEntries(
    [...unwrapNames(names)].map(([from, name]) => [name, tensors.get(from)?.offset ?? -1]),
  );
}

describe("finds the tensors", () => {
  test.each(["state_dict", "model", "segmenter", "network", "net"])("under %s", (key) => {
    const optimizer = dict({ state: dict({ 0: dict({ momentum_buffer: 5 }) }), param_groups: [] });
    expect(
      find(dict({ epoch: 7n, mean: 9, optimizer, [key]: dict({ a: 1, b: 2, _metadata: dict({}) }) })),
    ).toEqual({
      a: 1,
      b: 2,
    });
  });

  test("under several keys, one in another, in any order", () => {
    expect(find(dict({ model: dict({ segmenter: dict({ "module.a": 1 }) }) }))).toEqual({ a: 1 });
    expect(find(dict({ net: dict({ state_dict: dict({ network: dict({ a: 1 }) }) }) }))).toEqual({ a: 1 });
    expect(find(dict({ state_dict: dict({ epoch: "1" }), net: dict({ a: 1 }) }))).toEqual({ a: 1 });
  });

  test("in a network with a part called model or net", () => {
    expect(find(dict({ "model.a": 1, "net.b": 2 }))).toEqual({ "model.a": 1, "net.b": 2 });
    expect(find(dict({ model: 1, "net.b": 2 }))).toEqual({ model: 1, "net.b": 2 });
  });

  test("in dicts that hold themselves", () => {
    const top = dict({ a: 1 });
    top.set("model", top);
    top.set("encoder", top);
    expect(find(top)).toEqual({ a: 1 });
  });

  test("and says what else is there if there are none", () => {
    let deep = dict({ a: 1 });
    for (let depth = 0; depth < 10_000; depth++) deep = dict({ model: deep });
    for (const checkpoint of [deep, dict({ model: "x" })]) {
      expect(() => find(checkpoint)).toThrow(LightsegError);
      expect(() => find(checkpoint)).toThrow(
        'x: the checkpoint must hold tensors by name, in a dict or in dicts of dicts, got ["model"]',
      );
    }
    expect(() => find([])).toThrow("dicts, got []");
  });
});

test("refuses more tensors than any network has", () => {
  const many = dict({});
  const tensor = new TorchTensor(storage, 0, [], []);
  for (let i = 0; i <= 100_000; i++) many.set(`${i}`, tensor);
  expect(() => find(many)).toThrow("x: the checkpoint must not hold more than 100000 tensors, got 100001");
});

describe("leaves out how the network was wrapped", () => {
  test.each<[string, Record<string, unknown>, Record<string, number>]>([
    ["DataParallel", { "module.a": 1, "module.module.b": 2 }, { a: 1, "module.b": 2 }],
    ["not DataParallel", { "module.a": 1, b: 2 }, { "module.a": 1, b: 2 }],
    ["DataParallel of a Sequential", { "module.0.a": 1, "module.1.b": 2 }, { a: 1, b: 2 }],
    ["a Sequential of DataParallel", { "0.module.a": 1, "1.module.b": 2 }, { a: 1, b: 2 }],
    ["a Sequential of two alike", { "0.a": 1, "1.a": 2 }, { "0.a": 1, "1.a": 2 }],
    ["a Sequential of three", { "0.a": 1, "1.b": 2, "2.c": 3 }, { "0.a": 1, "1.b": 2, "2.c": 3 }],
    ["a Sequential of one", { "0.a": 1 }, { "0.a": 1 }],
    ["a pair by name", { "module.encoder.a": 1, "module.decoder.b": 2 }, { a: 1, b: 2 }],
    ["a pair with more", { "encoder.a": 1, "decoder.b": 2, c: 3 }, { "encoder.a": 1, "decoder.b": 2, c: 3 }],
    [
      "two dicts",
      { encoder: dict({ "module.a": 1 }), decoder: dict({ "module.b": 2 }), epoch: "1" },
      { a: 1, b: 2 },
    ],
    [
      "two dicts alike",
      { encoder: dict({ a: 1 }), decoder: dict({ a: 2 }) },
      { "encoder.a": 1, "decoder.a": 2 },
    ],
  ])("%s", (_, entries, expected) => {
    expect(find(dict(entries))).toEqual(expected);
    expect(find(dict({ segmenter: dict(entries) }))).toEqual(expected);
  });
});
