import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { ByteReader } from "../../src/weights/byte-reader.ts";
import { bytesSource } from "../../src/weights/byte-source.ts";
import { TorchNames } from "../../src/weights/torch-objects.ts";
import { unpickle } from "../../src/weights/unpickle.ts";
import { PickleWriter } from "./pickle-writer.ts";

function load(bytes: Uint8Array): unknown {
  const reader = new ByteReader(bytesSource(bytes), "x.pth", "the checkpoint");
  return unpickle(reader, new TorchNames(reader));
}

function pickle(): PickleWriter {
  return new PickleWriter().proto();
}

describe("values", () => {
  // pickle.dumps(value, protocol) of Python 3.11.
  test.each<[string, string, unknown]>([
    ["None", "80024e2e", null],
    ["True", "8002882e", true],
    ["255", "80024bff2e", 255],
    ["65535", "80024dffff2e", 65535],
    ["-2", "80024afeffffff2e", -2],
    ["2 ** 40", "80028a060000000000012e", 2 ** 40],
    ["-(2 ** 70)", "80028a090000000000000000c02e", -(2n ** 70n)],
    ["0.1", "8002473fb999999999999a2e", 0.1],
    ["'é'", "80025802000000c3a971002e", "é"],
    ["b'ab', protocol 3", "80034302616271002e", Uint8Array.of(0x61, 0x62)],
    ["(), protocol 2", "8002292e", []],
    ["(1, 2, 3)", "80024b014b024b038771002e", [1, 2, 3]],
    ["(1, 2, 3, 4)", "8002284b014b024b034b047471002e", [1, 2, 3, 4]],
    ["[1]", "80025d71004b01612e", [1]],
    ["[1, 2]", "80025d7100284b014b02652e", [1, 2]],
    ["{'a': 1}", "80027d710058010000006171014b01732e", new Map([["a", 1]])],
    ["{'a': 'a'}, protocol 4", "8004950a000000000000007d948c0161946801732e", new Map([["a", "a"]])],
  ])("reads %s", (_, hex, value) => {
    const result = load(Buffer.from(hex, "hex"));
    expect(result instanceof Uint8Array ? new Uint8Array(result) : result).toEqual(value);
  });

  test("an object that contains itself", () => {
    const list = load(pickle().emptyList().put(0).mark().get(0).appends().stop());
    expect(Array.isArray(list) && list[0] === list).toBe(true);
  });

  // pickle.dumps(value, 2) of Python 2.7.
  test.each<[string, string, unknown]>([
    ["'a\\xe9'", "8002550261e971002e", "a\u00e9"],
    ["'\\x80' * 300", `8002542c010000${"80".repeat(300)}71002e`, "\u0080".repeat(300)],
    [
      "OrderedDict([('a', 1)])",
      `800263${Buffer.from("collections\nOrderedDict\n").toString("hex")}71005d71015d71022855016171034b016561855271042e`,
      new Map([["a", 1]]),
    ],
  ])("reads %s of Python 2", (_, hex, value) => {
    expect(load(Buffer.from(hex, "hex"))).toEqual(value);
  });

  test("NumPy scalars become null", () => {
    const writer = pickle().global("numpy.core.multiarray", "scalar").mark();
    writer.global("numpy", "dtype").mark().text("f8").raw(0x89, 0x88).tuple().reduce();
    writer.mark().int(3).text("<").none().tuple().build();
    writer.global("_codecs", "encode").mark().text("abc").text("latin1").tuple().reduce().tuple().reduce();
    expect(load(writer.stop())).toBeNull();
  });

  test("leaves the reader behind the pickle, for the next one", () => {
    const two = Buffer.concat([pickle().int(1).stop(), pickle().int(2).stop()]);
    const reader = new ByteReader(bytesSource(two), "x", "y");
    const names = new TorchNames(reader);
    expect([unpickle(reader, names), unpickle(reader, names)]).toEqual([1, 2]);
  });
});

test("what training scripts keep beside the weights is read as nothing", () => {
  const entry = (writer: PickleWriter, module: string, name: string) =>
    writer.text(name).global(module, name).emptyTuple().raw(0x81).emptyDict().mark();
  const bytes = pickle().emptyDict().mark();
  entry(bytes, "argparse", "Namespace").text("lr").float(0.1).setItems().build();
  entry(bytes, "lightning_fabric.utilities.data", "AttributeDict").text("lr").int(1).setItems().build();
  bytes.text("steps").global("collections", "Counter").emptyDict().tuple1().reduce();
  bytes.text("on").global("torch", "device").text("cuda").tuple1().reduce();
  expect(load(bytes.setItems().stop())).toEqual(
    new Map(["Namespace", "AttributeDict", "steps", "on"].map((name) => [name, new Map()])),
  );
});

describe("attacks", () => {
  const command = (writer: PickleWriter) => writer.mark().text("touch /tmp/owned").tuple();
  test.each<[string, Uint8Array]>([
    ["GLOBAL, REDUCE", command(pickle().global("os", "system")).reduce().stop()],
    ["STACK_GLOBAL, REDUCE", command(pickle().stackGlobal("os", "system")).reduce().stop()],
    ["GLOBAL, NEWOBJ", command(pickle().global("os", "system")).raw(0x81).stop()],
    ["GLOBAL, BUILD", pickle().global("os", "system").emptyDict().build().stop()],
    ["OBJ", pickle().mark().global("os", "system").text("ls").raw(0x6f).stop()],
    ["in an argument", pickle().global("collections", "OrderedDict").mark().global("os", "system").stop()],
  ])("refuses os.system by %s, naming it", (_, bytes) => {
    expect(() => load(bytes)).toThrow(LightsegError);
    expect(() => load(bytes)).toThrow(
      "x.pth: the checkpoint imports os.system, which a checkpoint of weights has no reason to",
    );
  });

  test.each<[string, Uint8Array]>([
    [
      "INST",
      pickle()
        .mark()
        .text("ls")
        .raw(0x69, ...Buffer.from("os\nsystem\n"))
        .stop(),
    ],
    ["OBJ", pickle().mark().global("collections", "OrderedDict").raw(0x6f).stop()],
    ["EXT1", pickle().raw(0x82, 1).stop()],
    ["protocol 0", Buffer.from("(lp0\nI1\na.")],
  ])("refuses the operation %s", (_, bytes) => {
    expect(() => load(bytes)).toThrow(
      /has an operation 0x[0-9a-f]{2} at byte \d+, which torch.save does not write/,
    );
  });

  test.each([
    ["builtins", "eval"],
    ["collections", "OrderedDict.__init__"],
    ["collections.OrderedDict", ""],
    ["torch", "load"],
    ["torch._utils", "__builtins__.eval"],
    ["__proto__", "constructor"],
    ["constructor", "constructor"],
    ["numpy", "load"],
    ["a\nb", "c"],
  ])("refuses to import %j %j", (module, name) => {
    const message = messageOf(() => load(pickle().stackGlobal(module, name).stop()));
    expect(message).toMatch(/^readWeights: x\.pth: the checkpoint imports .*, which/);
    expect(message).not.toContain("\n");
  });

  test("refuses to call what is only a name, and what is no function", () => {
    const storage = pickle().global("torch", "FloatStorage").emptyTuple().reduce().stop();
    expect(() => load(storage)).toThrow(/calls torch.FloatStorage, which may only be named/);
    const text = pickle().text("os.system").emptyTuple().reduce().stop();
    expect(() => load(text)).toThrow(/calls what is not a function/);
    const noTuple = pickle().global("collections", "OrderedDict").emptyDict().reduce().stop();
    expect(() => load(noTuple)).toThrow(/calls what is not a function/);
  });

  test("a list that doubles thirty times by the memo takes no memory", () => {
    const writer = pickle().emptyList().put(0);
    for (let i = 0; i < 30; i++)
      writer
        .emptyList()
        .mark()
        .get(i)
        .get(i)
        .appends()
        .put(i + 1);
    expect(Array.isArray(load(writer.stop()))).toBe(true);
  });

  test("nesting as deep as a pickle can end", () => {
    const depth = 400_000;
    const close = Buffer.alloc(depth, "a");
    const lists = Buffer.concat([Buffer.alloc(depth, "]"), close.subarray(1), Buffer.from(".")]);
    expect(Array.isArray(load(lists))).toBe(true);
    const tuples = Buffer.concat([Buffer.from("N"), Buffer.alloc(depth, 0x85), Buffer.from(".")]);
    expect(Array.isArray(load(tuples))).toBe(true);
    const marks = Buffer.concat([Buffer.alloc(depth, "("), Buffer.alloc(depth, "t"), Buffer.from(".")]);
    expect(Array.isArray(load(marks))).toBe(true);
  });

  test.each(["N", "(", "]", ")", "Nq\0"])("a pickle of %j without end is refused", (operation) => {
    expect(() => load(Buffer.alloc(3_000_000, operation))).toThrow(/takes more than 1000000 operations/);
  });

  test("so are dicts without end, however they are made", () => {
    expect(() => load(Buffer.alloc(200_000, "}"))).toThrow(/makes more than 100000 dicts/);
    const ordered = pickle().global("collections", "OrderedDict").put(0);
    const more = Buffer.alloc(600_000, Buffer.from("h\0)R"));
    expect(() => load(Buffer.concat([ordered.stop().subarray(0, -1), more]))).toThrow(
      /makes more than 100000 dicts/,
    );
  });

  test("a list that is copied into dicts again and again is refused", () => {
    const writer = pickle().global("collections", "OrderedDict").put(0).emptyList().mark();
    for (let i = 0; i < 1000; i++) writer.mark().int(i).none().tuple();
    writer.appends().tuple1().put(1);
    for (let i = 0; i <= 100; i++) writer.get(0).get(1).reduce();
    expect(() => load(writer.stop())).toThrow(/makes dicts of more than 100000 pairs/);
  });

  test("a shape cannot be changed after it was checked", () => {
    const writer = pickle().mark().int(1).tuple().int(2).raw(0x61);
    expect(() => load(writer.stop())).toThrow(/appends to what is not a list/);
  });
});

test.each<[string, Uint8Array]>([
  ["nothing", new Uint8Array()],
  ["no end", pickle().int(1).raw(0x4e).stop().subarray(0, -1)],
  ["an end without value", pickle().stop()],
  ["a text longer than the file", pickle().raw(0x58, 255, 255, 255, 127).stop()],
  [
    "bytes of 2^64 - 1",
    pickle()
      .raw(0x8e, ...new Uint8Array(8).fill(255))
      .stop(),
  ],
  ["text that is not UTF-8", pickle().raw(0x8c, 1, 0xff).stop()],
  ["a line without end", pickle().raw(0x63, 0x61).stop()],
  ["a tuple below a mark", pickle().int(1).mark().raw(0x85).stop()],
  ["a tuple without mark", pickle().tuple().stop()],
  ["an unknown memo", pickle().get(7).stop()],
  ["a memo of nothing", pickle().put(7).stop()],
  ["an append to a number", pickle().int(1).int(2).raw(0x61).stop()],
  ["items of a list", pickle().emptyList().mark().int(1).int(2).setItems().stop()],
  ["an odd number of items", pickle().emptyDict().mark().int(1).setItems().stop()],
  ["an import without text", pickle().int(1).int(2).raw(0x93).stop()],
  ["attributes of nothing", pickle().emptyDict().build().stop()],
  ["a storage of nothing", pickle().int(1).persistentId().stop()],
  [
    "a storage of a text",
    pickle().mark().text("storage").text("FloatStorage").text("0").tuple().persistentId().stop(),
  ],
])("refuses a damaged pickle: %s", (_, bytes) => {
  expect(() => load(bytes)).toThrow(LightsegError);
});

test("any bytes are read or refused", () => {
  const opcodes = [..."\x80\x95(\x85\x86\x87taesuqr\x94hjc\x93RbQN\x88\x89KMJ\x8aG\x8cX\x8dCB\x8e\x96)]}."];
  const byte = fc.oneof(fc.constantFrom(...opcodes.map((char) => char.charCodeAt(0))), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
      try {
        load(Uint8Array.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(LightsegError);
      }
    }),
    { numRuns: 5000 },
  );
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LightsegError) return error.message;
    throw error;
  }
  return "nothing was thrown";
}
