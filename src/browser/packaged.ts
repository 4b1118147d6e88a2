/**
 * Addresses of the files that come with the package. Each is written out, since bundlers look for just this
 * form and then make the file part of a built page; it is fetched only when it is needed. As functions:
 * importing the package works where there is no `import.meta.url`.
 */
export const packaged = {
  "wasm-worker.js": () => new URL("../assets/wasm-worker.js", import.meta.url),
  "webgpu-worker.js": () => new URL("../assets/webgpu-worker.js", import.meta.url),
  "wasm-teacher.js": () => new URL("../assets/wasm-teacher.js", import.meta.url),
  "webgpu-teacher.js": () => new URL("../assets/webgpu-teacher.js", import.meta.url),
  "ort-wasm-simd-threaded.wasm": () => new URL("../assets/ort-wasm-simd-threaded.wasm", import.meta.url),
  "ort-wasm-simd-threaded.asyncify.wasm": () =>
    new URL("../assets/ort-wasm-simd-threaded.asyncify.wasm", import.meta.url),
  "manifest.json": () => new URL("../../models/manifest.json", import.meta.url),
  "camvid.safetensors": () => new URL("../../models/camvid.safetensors", import.meta.url),
  "camvid.int8.onnx": () => new URL("../../models/camvid.int8.onnx", import.meta.url),
  "camvid-ndnet45.safetensors": () => new URL("../../models/camvid-ndnet45.safetensors", import.meta.url),
  "mobilenet-v2-imagenet.safetensors": () =>
    new URL("../../models/mobilenet-v2-imagenet.safetensors", import.meta.url),
  "voc.safetensors": () => new URL("../../models/voc.safetensors", import.meta.url),
  "voc.int8.onnx": () => new URL("../../models/voc.int8.onnx", import.meta.url),
} satisfies Readonly<Record<string, () => URL>>;

/** The files of a device, and the size of its engine: servers that compress do not say it. */
export const deviceFiles = {
  wasm: {
    worker: "wasm-worker.js",
    teacher: "wasm-teacher.js",
    engine: "ort-wasm-simd-threaded.wasm",
    engineBytes: 14_239_897,
  },
  webgpu: {
    worker: "webgpu-worker.js",
    teacher: "webgpu-teacher.js",
    engine: "ort-wasm-simd-threaded.asyncify.wasm",
    engineBytes: 26_781_914,
  },
} as const satisfies Readonly<Record<"wasm" | "webgpu", unknown>>;
