/** Reads a `.npy` file of version 1 in C order, as `encodeNpy` writes it. */
export function decodeNpy(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 10 + view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(0, start));
  const [, type = "", extents = ""] =
    /^.NUMPY.*'descr': '(.+?)', 'fortran_order': False, 'shape': \((.*?)\)/s.exec(header) ?? [];
  const values = bytes.slice(start);
  const data =
    type === "<f4"
      ? new Float32Array(values.buffer)
      : type === "<i4"
        ? new Int32Array(values.buffer)
        : new Uint8Array(values.buffer);
  return { shape: (extents.match(/\d+/g) ?? []).map(Number), data };
}
