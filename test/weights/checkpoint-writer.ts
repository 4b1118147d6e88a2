import { zipSync } from "fflate";
import type { Weights } from "../../src/models/weights.ts";
import { PickleWriter } from "./pickle-writer.ts";

/** A tensor of a test checkpoint. Defaults follow from `values`, as in a new contiguous tensor. */
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
  /** First element and length of a view of the storage; null for none, as old files write it. */
  view?: readonly [start: number, length: number] | null;
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
    .int(tensor.storageLength ?? values.length / size);
  if (tensor.view) pickle.mark().text(`view of ${key}`).int(tensor.view[0]).int(tensor.view[1]).tuple();
  else if (tensor.view === null) pickle.none();
  pickle.tuple().persistentId();
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

/**
 * A checkpoint as a training script saves it: dicts of tensors, each at its place in dicts of dicts, beside
 * the arguments of the command line as an object of a class.
 *
 * @param dicts tensors by the keys that lead to them, such as `ema.module`
 */
export function trainingCheckpoint(dicts: Readonly<Record<string, Weights>>): Uint8Array {
  const tensors: Record<string, TestTensor> = {};
  const pickle = new PickleWriter().proto().emptyDict().mark().text("epoch").int(3);
  pickle.text("args").global("argparse", "Namespace").emptyTuple().raw(0x81).emptyDict();
  pickle.mark().text("lr").float(0.1).setItems().build();
  for (const [path, weights] of Object.entries(dicts)) {
    const keys = path.split(".");
    for (const key of keys) pickle.text(key).emptyDict().mark();
    for (const [name, { shape, data }] of weights) {
      const tensor = {
        values: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        shape: [...shape],
      };
      pickleTensor(pickle.text(name), String(Object.keys(tensors).length), tensor);
      tensors[`${path}.${name}`] = tensor;
    }
    for (const _ of keys) pickle.setItems();
  }
  return checkpoint(tensors, pickle.setItems().stop());
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

/** The magic number of the container from before PyTorch 1.6. */
export const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** The parts of a checkpoint from before PyTorch 1.6: five pickles and the storages. */
export function legacyParts(tensors: Record<string, TestTensor>, pickle?: Uint8Array) {
  const old = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, { view: null, ...tensor }]),
  );
  const machine = new PickleWriter().proto().emptyDict().mark();
  machine.text("protocol_version").int(1001).text("little_endian").raw(0x88).setItems();
  const keys = new PickleWriter().proto().emptyList().mark();
  for (const i of Object.keys(Object.values(tensors))) keys.text(i);
  return {
    magic: new PickleWriter().proto().long(legacyMagic).stop(),
    protocol: new PickleWriter().proto().int(1001).stop(),
    machine: machine.stop(),
    pickle: pickle ?? pickleStateDict(new PickleWriter().proto(), old).stop(),
    keys: keys.appends().stop(),
    storages: Buffer.concat(Object.values(tensors).map(legacyStorage)),
  };
}

/** The number of elements and the elements, as they follow the pickles. */
export function legacyStorage({
  values,
  size = 4,
  storageLength = values.length / size,
}: TestTensor): Buffer {
  const count = Buffer.alloc(8);
  count.writeBigInt64LE(BigInt(storageLength));
  return Buffer.concat([count, values]);
}

/** A checkpoint as `torch.save` wrote it before PyTorch 1.6. */
export function legacyCheckpoint(tensors: Record<string, TestTensor>, pickle?: Uint8Array): Buffer {
  return Buffer.concat(Object.values(legacyParts(tensors, pickle)));
}
