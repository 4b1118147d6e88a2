import { create, toBinary } from "@bufbuild/protobuf";
import { collect, type Tensor } from "../tensor.ts";
import { describeValue, OnnxBuilder, type ParameterSource } from "./builder.ts";
import { ModelProtoSchema } from "./onnx_pb.ts";
import type { Provider } from "./writer.ts";

/** The ONNX operator set that models are written for, and the file format version that goes with it. */
export const OPSET = 17;
const IR_VERSION = 8n;

export interface LowerOptions {
  /** Values of the parameters, or `"input"` for parameters that each run is fed. */
  parameters: ParameterSource;
  /** The provider that will run the model. Defaults to `cpu`. */
  provider?: Provider | undefined;
  /** Text stored with the model, e.g. class names. */
  metadata?: Record<string, string>;
  /** Version of lightseg that the model names as its producer. Defaults to none. */
  version?: string;
}

/**
 * Writes a graph as an ONNX model.
 *
 * @param outputs tensors by the name that they get in the model
 * @returns the bytes of a ModelProto
 */
export function lowerToOnnx(outputs: Readonly<Record<string, Tensor>>, options: LowerOptions): Uint8Array {
  const builder = new OnnxBuilder(options.parameters, { provider: options.provider ?? "cpu" });
  const outputNames = new Map<Tensor, string>();
  const copies: [copy: string, tensor: Tensor][] = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    if (outputNames.has(tensor) || tensor.leaf) copies.push([name, tensor]);
    else outputNames.set(tensor, name);
  }

  for (const tensor of collect(Object.values(outputs))) builder.add(tensor, outputNames.get(tensor));
  for (const [copy, tensor] of copies) {
    const name = builder.name(tensor);
    // A leaf under its own name is an output as it is.
    if (name !== copy) builder.copy(name, copy);
  }

  const graph = builder.finish(
    "lightseg",
    Object.entries(outputs).map(([name, tensor]) => describeValue(name, tensor.shape, tensor.dtype)),
  );
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "lightseg",
    producerVersion: options.version ?? "",
    opsetImport: [{ domain: "", version: BigInt(OPSET) }],
    graph,
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
  return toBinary(ModelProtoSchema, model);
}
