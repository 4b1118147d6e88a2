import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { lowerToOnnx } from "../../../src/graph/onnx/lower.ts";
import { relu } from "../../../src/graph/ops/activation.ts";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { add, multiply } from "../../../src/graph/ops/elementwise.ts";
import { bestClass } from "../../../src/graph/ops/labels.ts";
import { constant, input, scalar, type Tensor } from "../../../src/graph/tensor.ts";
import { openNodeSession } from "../../../src/runtime/node/session.ts";
import type { Session, TensorData } from "../../../src/runtime/session.ts";
import { filled } from "../../support/array.ts";
import { lightsegError } from "../../support/errors.ts";
import { floats, ints } from "../../support/run-graph.ts";

const runtimeError = lightsegError("RUNTIME", "session");
const lower = (outputs: Record<string, Tensor>) => lowerToOnnx(outputs, { parameters: () => "input" });

const opened: Session[] = [];
const open: typeof openNodeSession = async (model, options = {}) => {
  const session = await openNodeSession(model, { threads: 1, ...options });
  opened.push(session);
  return session;
};
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.splice(0).map((session) => session.dispose()));
});

/** y = 2 x + 1 of two values. */
const x = input("x", [2]);
const doubled = lower({ y: add(multiply(x, scalar(2)), scalar(1)) });

/** A model that keeps one thread busy for some tenths of a second. */
function slowModel(): Uint8Array {
  const weight = constant(
    Float32Array.from(filled([64, 64, 3, 3], (index) => (index % 7) - 3).data),
    [64, 64, 3, 3],
  );
  let map = input("x", [1, 64, 128, 128]);
  for (let layer = 0; layer < 8; layer++) map = relu(convolution(map, weight, { padding: 1 }));
  return lower({ y: map });
}
const slowFeeds = (value = 0): Record<string, TensorData> => ({
  x: { data: new Float32Array(64 * 128 * 128).fill(value), shape: [1, 64, 128, 128] },
});

describe("a session", () => {
  it("runs a model", async () => {
    const session = await open(doubled);
    expect(await session.run({ x: floats([3, -1]) }, ["y"])).toEqual({ y: floats([7, -1]) });
    expect(await session.run({ x: floats([0, 10]) }, ["y"])).toEqual({ y: floats([1, 21]) });
  });

  it("takes and gives float32, int32 and bytes", async () => {
    const labels = input("labels", [3], "int32");
    const bytes = input("bytes", [2], "uint8");
    const scores = input("scores", [1, 2, 1, 2]);
    const session = await open(lower({ same: labels, copy: bytes, classes: bestClass(scores) }));
    const result = await session.run(
      {
        labels: ints([255, -1, 3]),
        bytes: { data: Uint8Array.of(255, 1), shape: [2] },
        scores: floats([1, 0, 0, 1], [1, 2, 1, 2]),
      },
      ["same", "copy", "classes"],
    );
    expect(result).toEqual({
      same: ints([255, -1, 3]),
      copy: { data: Uint8Array.of(255, 1), shape: [2] },
      classes: { data: Uint8Array.of(0, 1), shape: [1, 1, 2] },
    });
  });

  it("reads a part of a larger buffer, and leaves it as it is", async () => {
    const session = await open(doubled);
    const buffer = Float32Array.of(9, 9, 3, -1, 9);
    expect(await session.run({ x: { data: buffer.subarray(2, 4), shape: [2] } }, ["y"])).toEqual({
      y: floats([7, -1]),
    });
    expect(Array.from(buffer)).toEqual([9, 9, 3, -1, 9]);
  });

  it("moves what is handed over, and leaves the rest, a Buffer of Node's pool too", async () => {
    const session = await open(lower({ y: input("bytes", [2], "uint8"), z: relu(x) }));
    const bytes = Buffer.from([255, 1]);
    const values = Float32Array.of(3, -1);
    const feeds = { bytes: { data: bytes, shape: [2] }, x: { data: values, shape: [2] } };
    expect(bytes.byteLength).toBeLessThan(bytes.buffer.byteLength);
    const found = await session.run(feeds, ["y", "z"], ["bytes", "x"]);
    expect(found).toEqual({ y: { data: Uint8Array.of(255, 1), shape: [2] }, z: floats([3, 0]) });
    expect([...bytes]).toEqual([255, 1]);
    expect(values).toHaveLength(0);
  });

  it("answers runs that were asked for at once in their order", async () => {
    const session = await open(doubled);
    const answered: number[] = [];
    const runs = Array.from({ length: 20 }, async (_, index) => {
      const result = await session.run({ x: floats([index, 0]) }, ["y"]);
      answered.push(index);
      return result.y.data[0];
    });
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 20 }, (_, index) => 2 * index + 1));
    expect(answered).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it("works beside others", async () => {
    const [first, second] = [await open(doubled), await open(lower({ y: relu(x) }))];
    const feeds = { x: floats([-3, 5]) };
    expect(await Promise.all([first.run(feeds, ["y"]), second.run(feeds, ["y"])])).toEqual([
      { y: floats([-5, 11]) },
      { y: floats([0, 5]) },
    ]);
  });

  it("leaves the event loop free while it works", async () => {
    const session = await open(slowModel());
    let ticks = 0;
    const timer = setInterval(() => ticks++, 2);
    await session.run(slowFeeds(), ["y"]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(3);
  });
});

describe("what the engine refuses is a RUNTIME error", () => {
  it.each([
    ["no model at all", new Uint8Array(0)],
    ["bytes that are no model", Uint8Array.of(1, 2, 3, 4)],
    ["half a model", doubled.subarray(0, doubled.length / 2)],
    [
      "a model that does not fit together",
      lower({ y: input("x", [2]), z: add(input("x", [2]), input("x", [2])) }),
    ],
  ])("opening %s, whose thread is ended", async (_name, model) => {
    const terminate = vi.spyOn(Worker.prototype, "terminate");
    await expect(open(model)).rejects.toThrow(runtimeError);
    expect(terminate).toHaveBeenCalledTimes(1);
    await expect(terminate.mock.results[0]?.value).resolves.toBeTypeOf("number");
  });

  it.each<[string, Record<string, TensorData>]>([
    ["nothing fed", {}],
    ["another name", { z: floats([1, 2]) }],
    ["another shape", { x: floats([1, 2, 3]) }],
    ["another rank", { x: floats([1, 2], [1, 2]) }],
    ["another element type", { x: ints([1, 2]) }],
    ["fewer values than the shape says", { x: floats([1], [2]) }],
    ["more values than the shape says", { x: floats([1, 2, 3], [2]) }],
  ])("running with %s, after which the session goes on", async (_name, feeds) => {
    const session = await open(doubled);
    const [refused, good] = [session.run(feeds, ["y"]), session.run({ x: floats([1, 2]) }, ["y"])];
    await expect(refused).rejects.toThrow(runtimeError);
    expect(await good).toEqual({ y: floats([3, 5]) });
  });
});

describe("carried values", () => {
  const [sum, step] = [input("sum", [2]), input("step", [2])];
  const model = lower({ total: add(sum, step), before: sum });
  const carried = [{ input: "sum", output: "total", initial: floats([10, 20]) }];

  it("go from run to run, and are no outputs", async () => {
    const session = await open(model, { carried });
    expect(await session.state()).toEqual({ sum: floats([10, 20]) });
    expect(await session.run({ step: floats([1, 2]) }, ["before"])).toEqual({ before: floats([10, 20]) });
    expect(await session.run({ step: floats([1, 2]) }, ["before"])).toEqual({ before: floats([11, 22]) });
    expect(await session.state()).toEqual({ sum: floats([12, 24]) });
  });

  it("advance with runs asked for at once, and are seen in between", async () => {
    const session = await open(model, { carried });
    const feeds = { step: floats([1, 1]) };
    const [, between, , after] = [
      session.run(feeds, ["before"]),
      session.state(),
      session.run(feeds, ["before"]),
      session.state(),
    ];
    expect(await between).toEqual({ sum: floats([11, 21]) });
    expect(await after).toEqual({ sum: floats([12, 22]) });
  });

  it("stay as they are when a run is refused", async () => {
    const session = await open(model, { carried });
    await session.run({ step: floats([1, 2]) }, ["before"]);
    await expect(session.run({ step: floats([1, 2, 3]) }, ["before"])).rejects.toThrow(runtimeError);
    expect(await session.state()).toEqual({ sum: floats([11, 22]) });
  });

  it("are a RUNTIME error where the model has no such output", async () => {
    const session = await open(model, {
      carried: [{ input: "sum", output: "nowhere", initial: floats([1, 2]) }],
    });
    await expect(session.run({ step: floats([1, 2]) }, ["before"])).rejects.toThrow("nowhere");
  });

  it("belong to their session alone", async () => {
    const [first, second] = [await open(model, { carried }), await open(model, { carried })];
    await first.run({ step: floats([1, 1]) }, ["before"]);
    expect(await second.state()).toEqual({ sum: floats([10, 20]) });
  });
});

describe("dispose", () => {
  it("may be asked for twice, after which runs are refused", async () => {
    const session = await open(doubled);
    await session.dispose();
    await session.dispose();
    await expect(session.run({ x: floats([1, 2]) }, ["y"])).rejects.toThrow(runtimeError);
    await expect(session.state()).rejects.toThrow("disposed");
  });

  it("lets runs finish that were asked for before", async () => {
    const session = await open(slowModel());
    const [run, disposed] = [session.run(slowFeeds(0), ["y"]), session.dispose()];
    expect((await run).y.shape).toEqual([1, 64, 128, 128]);
    await disposed;
  });
});

describe("a program that uses sessions", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  /** Runs a program whose standard input is `model`. */
  const execute = (body: string, model: Uint8Array) => {
    const program = `(async () => {
      const { openNodeSession } = await import("./src/runtime/node/session.ts");
      const model = new Uint8Array(require("node:fs").readFileSync(0));
      ${body}
    })();`;
    const options = { cwd: root, input: model, encoding: "utf8", timeout: 30_000 } as const;
    return spawnSync(process.execPath, ["--import", "tsx", "--eval", program], options);
  };

  it("ends by itself after an invalid model and with a session left open", () => {
    const { status, stdout, stderr } = execute(
      `await openNodeSession(Uint8Array.of(1, 2)).catch(({ code }) => console.log(code));
      const session = await openNodeSession(model, { threads: 1 });
      const { y } = await session.run({ x: { data: Float32Array.of(3, 4), shape: [2] } }, ["y"]);
      console.log([...y.data].join(" "));`,
      doubled,
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "RUNTIME\n7 9\n", stderr: "" });
  });

  it("may exit in the middle of a run", () => {
    const { status, stderr } = execute(
      `const session = await openNodeSession(model, { threads: 1 });
      const [data, shape] = [new Float32Array(64 * 128 * 128), [1, 64, 128, 128]];
      session.run({ x: { data, shape } }, ["y"]);
      setTimeout(() => process.exit(3), 60);`,
      slowModel(),
    );
    expect({ status, stderr }).toEqual({ status: 3, stderr: "" });
  });
});
