import { describe, expect, test } from "vitest";
import { chooseExpected, describeUnwrapping, unwrapNames } from "../../src/weights/choose-names.ts";
import { flatNames } from "../../src/weights/stored-names.ts";

const encoder = ["conv1.weight", "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.1.conv1.weight"];
const decoder = ["crp.0.weight", "crp.1.weight", "clf.weight", "clf.bias"];
const expected = { names: [...encoder, ...decoder], encoder: new Set(encoder) };

/** What a flat file of these names gives a network, by expected name. */
function choose(names: readonly string[], nesting = ""): Record<string, string> {
  const main = names.filter((name) => name.startsWith(nesting));
  const chosen = chooseExpected(expected)({ all: names, main, nesting });
  return Object.fromEntries([...chosen].map(([name, bare]) => [bare, name]));
}

const prefixed = (prefix: string, names: readonly string[] = expected.names) =>
  names.map((name) => prefix + name);
const pairs = (names: readonly string[], prefix: string) =>
  Object.fromEntries(names.map((name) => [name, prefix + name]));

describe("chooseExpected", () => {
  test.each([
    "",
    "module.",
    "_orig_mod.",
    "module._orig_mod.",
    "_orig_mod.module.",
    "model.",
    "net.model._orig_mod.",
    "state_dict.model.",
    "model_ema.module.",
    "a.b.c.d.",
  ])("takes off %j, and leaves what else is in the file", (prefix) => {
    const others = ["criterion.weight", "n_averaged", "metric.confusion.matrix"];
    expect(choose([...others, ...prefixed(prefix)])).toEqual(pairs(expected.names, prefix));
  });

  test.each([
    ["encoder.", "decoder."],
    ["module.0.", "module.1."],
    ["net.backbone._orig_mod.", "net.head."],
    ["encoder.", ""],
    ["", "decoder."],
  ])("takes off %j from the encoder and %j from the decoder", (one, two) => {
    expect(choose([...prefixed(one, encoder), ...prefixed(two, decoder)])).toEqual({
      ...pairs(encoder, one),
      ...pairs(decoder, two),
    });
  });

  test("takes off what stands inside of names", () => {
    const inside = expected.names.map((name) => name.replace("layer1.", "layer1._orig_mod.module."));
    expect(Object.keys(choose(inside)).sort()).toEqual([...expected.names].sort());
  });

  test.each([
    [["ema.", "model."], "model."],
    [["model_ema.module.", "net."], "net."],
    [["student.", "teacher."], "student."],
    [["average.", ""], ""],
    [["a.net.", "b."], "b."],
  ])("of the copies %j takes %j", (prefixes, taken) => {
    const names = prefixes.flatMap((prefix) => prefixed(prefix));
    expect(choose(names)).toEqual(pairs(expected.names, taken));
  });

  test("of copies takes the one that is complete, and else the state dict", () => {
    const part = prefixed("model.", expected.names.slice(2));
    expect(choose([...part, ...prefixed("ema.")])).toEqual(pairs(expected.names, "ema."));
    expect(choose([...prefixed("first."), ...prefixed("state_dict.")], "state_dict.")).toEqual(
      pairs(expected.names, "state_dict."),
    );
  });

  test("does not mistake a layer for the network", () => {
    // layer1.0.conv1.weight ends in conv1.weight.
    const names = expected.names.filter((name) => name !== "conv1.weight");
    expect(choose(names)).toEqual(pairs(names, ""));
    expect(choose(["block.0.conv1.weight", "head.clf.bias"])).toEqual({});
  });

  test("asks for new names first", () => {
    const rename = (names: readonly string[]) =>
      new Map(names.map((name) => [name, name.replace("stem.", "conv1.")]));
    const names = prefixed("net.").map((name) => name.replace(/\.conv1\.weight$/, ".stem.weight"));
    const chosen = chooseExpected({ ...expected, rename })(flatNames(names));
    expect([...chosen.values()].sort()).toEqual([...expected.names].sort());
  });

  test("is quick with forged names", () => {
    expect(choose([".".repeat(1_000_000), "conv1.weight"])).toEqual({ "conv1.weight": "conv1.weight" });
  });
});

describe("unwrapNames", () => {
  const unwrap = (...names: string[]) => [...unwrapNames(flatNames(names)).values()];
  test.each<[string[], string[]]>([
    [
      ["_orig_mod.a.b", "_orig_mod.c"],
      ["a.b", "c"],
    ],
    [
      ["module._orig_mod.a", "module._orig_mod.c"],
      ["a", "c"],
    ],
    [
      ["state_dict.model.net.a", "state_dict.model.net.b"],
      ["a", "b"],
    ],
    [
      ["ema.module.a", "ema.module.b"],
      ["a", "b"],
    ],
    [
      ["n_averaged", "module.a", "module.b"],
      ["n_averaged", "a", "b"],
    ],
    [
      ["layer._orig_mod.0.a", "b"],
      ["layer.0.a", "b"],
    ],
    [
      ["model.encoder.0.a", "model.decoder.1.b"],
      ["0.a", "1.b"],
    ],
    [
      ["model.a", "criterion.b"],
      ["model.a", "criterion.b"],
    ],
    [
      ["backbone.a", "backbone.b"],
      ["backbone.a", "backbone.b"],
    ],
    [
      ["a._orig_mod.b", "a.b"],
      ["a._orig_mod.b", "a.b"],
    ],
    [
      ["model", "net.a"],
      ["model", "net.a"],
    ],
    [[], []],
  ])("%j are read as %j", (names, bare) => {
    expect(unwrap(...names)).toEqual(bare);
  });
});

test("what was left out is said", () => {
  const chosen = new Map([
    ["model.encoder.a", "a"],
    ["model.encoder.b", "b"],
    ["model.decoder.c", "c"],
    ["d", "d"],
  ]);
  expect(describeUnwrapping(chosen)).toBe('names are read without "model.encoder.", "model.decoder."');
  expect(describeUnwrapping(new Map([["d", "d"]]))).toBeUndefined();
});
