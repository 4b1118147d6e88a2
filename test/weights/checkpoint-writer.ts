import { zipSync } from "fflate";
import { PickleWriter } from "./pickle-writer.ts";

/** A tensor of a checkpoint for tests; what is left out follows from `values` as in a fresh contiguous tensor. */
export interface TestTensor {
  values: Uint8Array;
  shape: number[];
  strides?: number[];
  offset?: number;
  storageType?: string;
  /** Bytes per element. */
  size?: number;
  storageLength?: number;
  parameter?: boolean;
}

export function float32(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
}

/** Pickles `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
export function pickleTensor(pickle: PickleWriter, key: string, tensor: TestTensor): void {
  const { values, shape, size = 4, strides = rowMajorStrides(shape), offset = 0 } = tensor;
  if (tensor.parameter) pickle.global("torch._utils", "_rebuild_parameter").mark();
  pickle.global("torch._utils", "_rebuild_tensor_v2").mark();
  pickle
    .mark()
    .text("storage")
    .global("torch", tensor.storageType ?? "FloatStorage");
  pickle
    .text(key)
    .text("cpu")
    .int(tensor.storageLength ?? values.length / size)
    .tuple()
    .persistentId();
  pickle.int(offset).ints(shape).ints(strides).raw(0x89);
  pickle.global("collections", "OrderedDict").emptyTuple().reduce();
  pickle.tuple().reduce();
  if (tensor.parameter) pickle.raw(0x88).emptyDict().tuple().reduce();
}

/** Pickles an ordered dict of tensors whose storages are `data/0`, `data/1` and so on. */
export function pickleStateDict(pickle: PickleWriter, tensors: Record<string, TestTensor>): PickleWriter {
  pickle.global("collections", "OrderedDict").emptyTuple().reduce().mark();
  for (const [i, [name, tensor]] of Object.entries(tensors).entries()) {
    pickleTensor(pickle.text(name), String(i), tensor);
  }
  // As Module.state_dict does: an attribute of the dict.
  return pickle.setItems().emptyDict().mark().text("_metadata").emptyDict().setItems().build();
}

/** The files of a checkpoint by name, for `zipSync` or for changing first. */
export function checkpointFiles(
  tensors: Record<string, TestTensor>,
  pickle = pickleStateDict(new PickleWriter().proto(), tensors).stop(),
): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = { "archive/data.pkl": pickle };
  for (const [i, { values }] of Object.values(tensors).entries()) files[`archive/data/${i}`] = values;
  files["archive/version"] = Buffer.from("3\n");
  return files;
}

/** A checkpoint as `torch.save` writes it: a zip archive whose files are stored, not compressed. */
export function checkpoint(tensors: Record<string, TestTensor>, pickle?: Uint8Array): Uint8Array {
  return zipSync(checkpointFiles(tensors, pickle), { level: 0 });
}
