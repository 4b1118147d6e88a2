import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { lowerToOnnx, OPSET } from "../../../src/graph/onnx/lower.ts";
import { type GraphProto, ModelProtoSchema, type ValueInfoProto } from "../../../src/graph/onnx/onnx_pb.ts";
import { relu, relu6 } from "../../../src/graph/ops/activation.ts";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { add, multiply } from "../../../src/graph/ops/elementwise.ts";
import { maxPool } from "../../../src/graph/ops/pooling.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { constant, input, parameter, scalar, type Tensor } from "../../../src/graph/tensor.ts";
import { openNodeSession } from "../../../src/runtime/node/session.ts";
import { floats, ints, runGraph } from "../../support/run-graph.ts";

function decode(outputs: Record<string, Tensor>, parameters: Record<string, Float32Array> = {}) {
  const bytes = lowerToOnnx(outputs, { parameters: (name) => parameters[name] ?? "input" });
  const model = fromBinary(ModelProtoSchema, bytes);
  if (!model.graph) throw new Error("the model has no graph");
  return { model, graph: model.graph };
}

const named = (values: readonly { name: string }[]) => values.map(({ name }) => name);
const nodeTypes = (graph: GraphProto) => graph.node.map(({ opType }) => opType);

/** The extents of an input or output: numbers, and names of symbols. */
function shape({ type }: ValueInfoProto): (number | string | undefined)[] {
  if (type?.value.case !== "tensorType") throw new Error("not a tensor");
  return (type.value.value.shape?.dim ?? []).map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : value.value,
  );
}

const zero = { initialization: { kind: "constant", value: 0 } } as const;
const x = input("x", [2, 2]);
const values = { x: floats([1, -2, 3, -4], [2, 2]) };

describe("lowerToOnnx names outputs", () => {
  it("as asked for, in their order, also those that others are made from", async () => {
    const clipped = relu(x);
    const sum = add(clipped, x);
    const outputs = { sum, clipped };
    expect(named(decode(outputs).graph.output)).toEqual(["sum", "clipped"]);
    const result = await runGraph(outputs, values);
    expect(Array.from(result.sum.data)).toEqual([2, -2, 6, -4]);
    expect(Array.from(result.clipped.data)).toEqual([1, 0, 3, 0]);
  });

  it("when one tensor has two names", async () => {
    const y = relu(x);
    const result = await runGraph({ first: y, second: y, twice: add(y, y) }, values);
    expect(Array.from(result.first.data)).toEqual([1, 0, 3, 0]);
    expect(Array.from(result.second.data)).toEqual([1, 0, 3, 0]);
    expect(Array.from(result.twice.data)).toEqual([2, 0, 6, 0]);
  });

  it("when they are leaves", async () => {
    const weight = parameter("layer.0.weight", [2], zero);
    const labels = input("labels", [3], "int32");
    const outputs = {
      image: x,
      x,
      weight,
      "layer.0.weight": weight,
      seven: scalar(7),
      whole: constant(Int32Array.of(1, -2), [2]),
      labels,
    };
    const feeds = { ...values, "layer.0.weight": floats([5, 6]), labels: ints([0, 255, -1]) };
    for (const constantParameters of [true, false]) {
      const result = await runGraph(outputs, feeds, { constantParameters });
      expect(result.image).toEqual(values.x);
      expect(result.x).toEqual(values.x);
      expect(Array.from(result.weight.data)).toEqual([5, 6]);
      expect(Array.from(result["layer.0.weight"].data)).toEqual([5, 6]);
      expect(result.seven).toEqual(floats([7], []));
      expect(result.whole).toEqual(ints([1, -2]));
      expect(result.labels).toEqual(ints([0, 255, -1]));
    }
  });

  it("that look like the names of values in between", async () => {
    const inner = relu(x);
    const outer = relu6(add(inner, inner));
    for (const name of ["v0", "v1", "v2", "vc0", "vc1"]) {
      const outputs = { [name]: inner, outer };
      const result = await runGraph<string>(outputs, values);
      expect(Array.from(result[name]?.data ?? [])).toEqual([1, 0, 3, 0]);
      expect(Array.from(result.outer?.data ?? [])).toEqual([2, 0, 6, 0]);
    }
  });
});

describe("lowerToOnnx writes", () => {
  it("one node for each op that is needed, and no other", () => {
    relu6(x);
    const y = relu(x);
    expect(nodeTypes(decode({ y: add(y, y) }).graph)).toEqual(["Relu", "Add"]);
  });

  it("its operator set and its name", () => {
    const { model } = decode({ y: relu(x) });
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", BigInt(OPSET)]]);
    expect(model.producerName).toBe("lightseg");
  });

  it("metadata, which comes back as it was", () => {
    const metadata = { classes: JSON.stringify(["Himmel", "rue", "空"]), empty: "", note: "a=b\n;c" };
    const model = fromBinary(
      ModelProtoSchema,
      lowerToOnnx({ y: relu(x) }, { parameters: () => "input", metadata }),
    );
    expect(Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]))).toEqual(metadata);
    expect(decode({ y: relu(x) }).model.metadataProps).toEqual([]);
  });

  it("equal constants once", () => {
    const y = multiply(multiply(x, scalar(3)), scalar(3));
    expect(decode({ y }).graph.initializer).toHaveLength(1);
    const shapes = multiply(multiply(x, scalar(3)), constant(Float32Array.of(3), [1]));
    expect(decode({ y: shapes }).graph.initializer).toHaveLength(2);
  });
});

describe("lowerToOnnx's parameters", () => {
  const weight = parameter("layer.0.weight", [2, 1, 1, 1], zero);
  const image = input("image", [1, 1, 2, 2]);
  const y = convolution(image, weight);
  const feeds = {
    image: floats([1, 2, 3, 4], [1, 1, 2, 2]),
    "layer.0.weight": floats([10, -1], [2, 1, 1, 1]),
  };

  it("are inputs or constants, as told", () => {
    const asInput = decode({ y }).graph;
    expect(named(asInput.input)).toEqual(["layer.0.weight", "image"]);
    expect(asInput.initializer).toEqual([]);
    const asConstant = decode({ y }, { "layer.0.weight": Float32Array.of(10, -1) }).graph;
    expect(named(asConstant.input)).toEqual(["image"]);
    expect(named(asConstant.initializer)).toEqual(["layer.0.weight"]);
  });

  it("name the nodes that they are constants of", () => {
    const rectified = relu(y);
    expect(named(decode({ rectified }, { "layer.0.weight": Float32Array.of(10, -1) }).graph.node)).toEqual([
      "layer.0.weight/Conv",
      "",
    ]);
    expect(named(decode({ rectified }).graph.node)).toEqual(["", ""]);
  });

  it("give each of several readers a name of its own", () => {
    const both = { y, twice: multiply(weight, weight), squared: multiply(multiply(weight, weight), weight) };
    const names = named(decode(both, { "layer.0.weight": Float32Array.of(10, -1) }).graph.node).filter(
      (name) => name,
    );
    expect(names.length).toBeGreaterThan(2);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([true, false])("give the same values as constants: %s", async (constantParameters) => {
    const result = await runGraph({ y }, feeds, { constantParameters });
    expect(Array.from(result.y.data)).toEqual([10, 20, 30, 40, -1, -2, -3, -4]);
  });

  it("are read from any part of a larger buffer", async () => {
    const buffer = Float32Array.of(9, 9, 10, -1, 9);
    const model = lowerToOnnx({ y }, { parameters: () => buffer.subarray(2, 4) });
    const session = await openNodeSession(model);
    const result = await session.run({ image: feeds.image }, ["y"]);
    await session.dispose();
    expect(Array.from(result.y.data)).toEqual([10, 20, 30, 40, -1, -2, -3, -4]);
  });
});

describe("lowerToOnnx's symbolic sizes", () => {
  const image = input("image", [symbol("N"), 1, symbol("H"), symbol("W")]);
  const y = maxPool(image, { kernel: 3, stride: 2, padding: 1 });

  it("are written as names", () => {
    const { graph } = decode({ y, same: relu(image) });
    expect(graph.input.map(shape)).toEqual([["N", 1, "H", "W"]]);
    expect(graph.output.map(shape)).toEqual([
      ["N", 1, "floor((H+1)/2)", "floor((W+1)/2)"],
      ["N", 1, "H", "W"],
    ]);
  });

  it("let one session run on several sizes", async () => {
    const session = await openNodeSession(lowerToOnnx({ y }, { parameters: () => "input" }));
    for (const [n, h, w] of [
      [1, 4, 6],
      [2, 5, 3],
      [1, 1, 1],
    ] as const) {
      const data = Float32Array.from({ length: n * h * w }, (_, index) => index);
      const result = await session.run({ image: { data, shape: [n, 1, h, w] } }, ["y"]);
      expect(result.y.shape).toEqual([n, 1, Math.floor((h - 1) / 2) + 1, Math.floor((w - 1) / 2) + 1]);
      expect(result.y.data.at(-1)).toBe(n * h * w - 1);
    }
    await session.dispose();
  });
});
