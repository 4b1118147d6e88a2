import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { InferenceSession } from "onnxruntime-node";
import { ModelProtoSchema } from "../../src/graph/onnx/onnx_pb.ts";

/** How many nodes of each type ONNX Runtime runs for a model, once it has fused what it can. */
export async function countOptimizedNodes(model: Uint8Array): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "lightseg-optimized-"));
  try {
    const path = join(folder, "optimized.onnx");
    const options = { optimizedModelFilePath: path, intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
    await (await InferenceSession.create(model, options)).release();
    const { graph } = fromBinary(ModelProtoSchema, await readFile(path));
    const counts: Record<string, number> = {};
    for (const { opType } of graph?.node ?? []) counts[opType] = (counts[opType] ?? 0) + 1;
    return counts;
  } finally {
    await rm(folder, { recursive: true });
  }
}
