/**
 * Addresses of the files of shipped models. Each is written out, since bundlers look for just this form and
 * then make the file part of a built page; it is fetched only when its model is loaded.
 */
export const shippedUrls: Readonly<Record<string, URL>> = {
  "camvid.safetensors": new URL("../../models/camvid.safetensors", import.meta.url),
  "camvid.int8.onnx": new URL("../../models/camvid.int8.onnx", import.meta.url),
  "camvid-ndnet45.safetensors": new URL("../../models/camvid-ndnet45.safetensors", import.meta.url),
  "voc.safetensors": new URL("../../models/voc.safetensors", import.meta.url),
  "voc.int8.onnx": new URL("../../models/voc.int8.onnx", import.meta.url),
};

export const shippedManifestUrl = new URL("../../models/manifest.json", import.meta.url);
