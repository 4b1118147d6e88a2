import { checkChoice, checkKeys } from "../check.ts";
import type { ExportOptions } from "../export/onnx.ts";
import { ASSET_OPTIONS, workerAddress } from "./addresses.ts";
import { checkPlatform } from "./choose-device.ts";
import { findSource } from "./fetch-model.ts";
import type { TeachingProtocol } from "./teaching/protocol.ts";
import type { AssetOptions, DownloadProgress, ModelSource } from "./types.ts";
import { startWorker } from "./with-worker.ts";

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions extends Omit<ExportOptions, "version">, AssetOptions {
  /** Told about the download of the model. */
  onDownload?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
}

const WHERE = "exportOnnx";

const OPTIONS: readonly (keyof ExportOnnxOptions)[] = [
  ...(["size", "upsample", "labels", "scores", "dtype"] as const),
  ...ASSET_OPTIONS,
  ...(["onDownload", "signal"] as const),
];

/**
 * Writes a model as ONNX for use elsewhere, in a worker: what `fineTune` taught, or any other model.
 *
 * Input `image`: a normalised photo, float32 `[N, 3, H, W]`. Outputs: `scores`, logits, float32 `[N, classes,
 * h, w]` at the decoder's resolution or the photo's; `labels`, uint8 `[N, H, W]`. The file's metadata name
 * the classes and the normalisation.
 *
 * @param model as for `Segmenter.load`; not one in int8, which is ONNX already
 * @returns the file
 *
 * @example
 * const file = await exportOnnx(taught.toBlob(), { labels: true });
 *
 * @throws LightsegError NOT_FOUND or INVALID_WEIGHTS for the model, INVALID_ARGUMENT for an unknown option,
 *   WORKER_FAILED if the worker does not start; the signal's reason
 */
export async function exportOnnx(model: ModelSource, options: ExportOnnxOptions = {}): Promise<Blob> {
  checkPlatform(WHERE);
  checkKeys(options, OPTIONS, WHERE);
  const { size, upsample, labels, scores, dtype = "fp32", onDownload = () => undefined, signal } = options;
  checkChoice(dtype, ["fp32", "fp16"], WHERE, "dtype");
  const found = await findSource(model, { ...options, where: WHERE });
  const { name, bytes } = await found.read({ onProgress: onDownload, signal });
  const script = workerAddress("wasm", "teacher", options);
  const request = { model: bytes, name, options: { size, upsample, labels, scores, dtype } };
  return startWorker<TeachingProtocol, Blob>(script, { where: WHERE, signal }, async (client) => {
    const { bytes: onnx } = await client.ask("export", request);
    client.terminate();
    return new Blob([onnx], { type: "application/octet-stream" });
  });
}
