import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import h5wasm from "h5wasm/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readMat73 } from "../../src/datasets/mat73.ts";
import { lightsegError } from "../support/errors.ts";

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-mat73-"));
  file = join(directory, "a.mat");
  await h5wasm.ready;
  const hdf5 = new h5wasm.File(file, "w");
  const bytes = Uint8Array.from({ length: 12 }, (_, index) => index);
  hdf5.create_dataset({ name: "bytes", data: bytes, shape: [2, 3, 2], chunks: [1, 3, 2], compression: 3 });
  hdf5.create_dataset({ name: "words", data: Uint16Array.of(1, 2, 300, 894), shape: [2, 2] });
  hdf5.create_dataset({ name: "depths", data: Float32Array.of(0.5, 1.5), shape: [2, 1] });
  hdf5.create_group("group");
  hdf5.close();
});
afterEach(() => rm(directory, { recursive: true }));

describe("readMat73", () => {
  it("reads items of arrays of 8 and of 16 bits", async () => {
    const found = await readMat73(file, (arrayOf) => {
      const [bytes, words] = [arrayOf("bytes"), arrayOf("words")];
      return [bytes.shape, bytes.readItem(1), words.shape, words.readItem(0), words.readItem(1)];
    });
    expect(found).toEqual([
      [2, 3, 2],
      Uint8Array.of(6, 7, 8, 9, 10, 11),
      [2, 2],
      Uint16Array.of(1, 2),
      Uint16Array.of(300, 894),
    ]);
  });

  it("passes over the header that MATLAB writes first", async () => {
    const hdf5 = await readFile(file);
    await writeFile(file, Buffer.concat([Buffer.alloc(512, "MATLAB 7.3 MAT-file"), hdf5]));
    expect(await readMat73(file, (arrayOf) => arrayOf("words").readItem(1))).toEqual(
      Uint16Array.of(300, 894),
    );
  });

  it("refuses arrays that are not there or hold other numbers", async () => {
    const read = (name: string) => readMat73(file, (arrayOf) => arrayOf(name).readItem(0));
    await expect(read("images")).rejects.toThrow(/a\.mat: \w+ must hold the array images/);
    await expect(read("group")).rejects.toThrow(/must hold the array group/);
    await expect(read("depths")).rejects.toThrow(/unsigned integers of 8 or 16 bits in depths, got "<f"/);
    await expect(read("depths")).rejects.toThrow(lightsegError("INVALID_DATASET", "readMat73"));
  });

  it("refuses other files, files that are cut short and those that are not there", async () => {
    const whole = await readFile(file);
    const read = () => readMat73(file, (arrayOf) => arrayOf("bytes").readItem(0));
    for (const bytes of [
      whole.subarray(0, 1000),
      whole.subarray(0, 60),
      Buffer.from("MATLAB 5.0"),
      Buffer.alloc(0),
    ]) {
      await writeFile(file, bytes);
      await expect(read()).rejects.toThrow(lightsegError("INVALID_DATASET", "readMat73"));
    }
    await rm(file);
    await expect(read()).rejects.toThrow(lightsegError("NOT_FOUND", "readMat73"));
  });
});
