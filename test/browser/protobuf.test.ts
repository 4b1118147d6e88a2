import { readFile } from "node:fs/promises";
import * as real from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import * as ours from "../../src/browser/protobuf.ts";
import { ModelProtoSchema } from "../../src/graph/onnx/onnx_pb.ts";
import { compileOnnx } from "../../src/inference/compile-onnx.ts";
import { loadModel } from "../../src/model-files/node/load.ts";

/** The description of ONNX as protobuf's compiler has written it, read by ours. */
async function readSchema() {
  const source = await readFile("src/graph/onnx/onnx_pb.ts", "utf8");
  const [, base64 = ""] = /fileDesc\("([^"]+)"/.exec(source) ?? [];
  const [, index = ""] = /ModelProtoSchema[^;]*messageDesc\(file_onnx, (\d+)\)/s.exec(source) ?? [];
  const schema = ours.messageDesc(ours.fileDesc(base64), Number(index));
  if (!schema) throw new Error("there is no ModelProto");
  return schema;
}

describe("the light protobuf of browsers", () => {
  it("reads and writes whole models as @bufbuild/protobuf does", async () => {
    const schema = await readSchema();
    const model = await loadModel({ model: "camvid-ndnet45" });
    for (const dtype of ["fp32", "fp16"] as const) {
      const bytes = compileOnnx(model, { dtype, size: [48, 64], target: "plain" });
      const written = ours.toBinary(schema, ours.fromBinary(schema, bytes));
      const expected = real.fromBinary(ModelProtoSchema, bytes);
      expect(real.equals(ModelProtoSchema, real.fromBinary(ModelProtoSchema, written), expected)).toBe(true);
    }
  });

  it("writes fields that are set, has defaults for others, and refuses what is cut off", async () => {
    const schema = await readSchema();
    const message = ours.create(schema, {
      irVersion: -8n,
      producerName: "é",
      opsetImport: [{ version: 17n }],
    });
    expect(message.producerVersion).toBe("");
    expect(message.metadataProps).toEqual([]);
    const bytes = ours.toBinary(schema, message);
    const read = real.fromBinary(ModelProtoSchema, bytes);
    expect([read.irVersion, read.producerName, read.opsetImport[0]?.version]).toEqual([-8n, "é", 17n]);
    expect(read.graph).toBeUndefined();
    expect(() => ours.fromBinary(schema, bytes.subarray(0, -1))).toThrow("premature EOF");
  });
});
