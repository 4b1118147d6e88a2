import { checkChoice, checkInteger, checkKeys } from "../../check.ts";
import type { LabelMap } from "../../images/types.ts";
import { MAX_THREADS } from "../../runtime/session.ts";
import { checkTeaching } from "../../teaching/check.ts";
import type { TeachingOptions } from "../../teaching/options.ts";
import { TaughtModel } from "../../teaching/taught-model.ts";
import { ASSET_OPTIONS } from "../addresses.ts";
import { checkPlatform, countThreads, ONE_THREAD, runOnDevice } from "../choose-device.ts";
import { type FoundModel, findSource } from "../fetch-model.ts";
import { closeAll, makeSendable } from "../send-picture.ts";
import type {
  AssetOptions,
  Device,
  DownloadProgress,
  LoadOptions,
  ModelSource,
  PictureSource,
} from "../types.ts";
import { withWorker } from "../with-worker.ts";
import type { TeachingEvent, TeachingProtocol } from "./protocol.ts";

/** A picture and what is labelled in it. */
export interface TeachingSample {
  /** The picture; it stays the caller's. */
  readonly picture: PictureSource;
  /** Of the picture's size; 255 where a pixel has no label. */
  readonly labels: LabelMap;
}

/** Options of `fineTune`. */
export interface FineTuneOptions
  extends Omit<TeachingOptions, "samples" | "previews" | "onModel">,
    AssetOptions {
  /** 1 to 100 pictures; each class needs labelled pixels in some. */
  samples: readonly TeachingSample[];
  /** Pictures in which `onPreview` shows what was learned, at most 20. Defaults to none. */
  previews?: readonly PictureSource[];
  /**
   * A model of the manifest, `imagenet`, the address of a model file, or such a file: what was taught before
   * goes on from where it stands. Defaults to `imagenet`, the encoder that knows the most things.
   */
  base?: ModelSource;
  /**
   * Where it is computed. `auto` takes WebGPU if there is a graphics adapter, not one in software, and it
   * gives the same as WebAssembly; else WebAssembly. Defaults to `auto`.
   */
  device?: "auto" | Device;
  /** 1 to 256; 1 on pages that are not isolated, elsewhere the number of cores, at most 8. */
  threads?: number;
  /**
   * Gets the model as it stands, after every `modelEvery` steps but the last. Training goes on when its
   * promise is kept.
   */
  onModel?: (model: TaughtModel) => Promise<void> | void;
  /** Told about the download of engine and base. */
  onDownload?: (progress: DownloadProgress) => void;
  /** Told where it is computed and why, and what does not go as well as it could. */
  onNote?: LoadOptions["onNote"];
}

/**
 * Fine-tunes a network on a few pictures, of which only some pixels need a label (strokes), in seconds. The
 * page's thread does none of it, and no picture leaves the device.
 *
 * @example
 * const classes = [{ name: "background" }, { name: "mug" }];
 * const taught = await fineTune({ classes, samples: [{ picture: image, labels }] });
 * const segmenter = await Segmenter.load(taught.toBlob());
 *
 * @throws LightsegError INVALID_ARGUMENT for classes, samples or options out of range, INVALID_IMAGE for a
 *   picture that cannot be read, NOT_FOUND or INVALID_WEIGHTS for the base, RUNTIME if the engine fails; what
 *   a callback throws; the signal's reason
 */
export async function fineTune(options: FineTuneOptions): Promise<TaughtModel> {
  checkPlatform(WHERE);
  checkKeys(options, OPTIONS, WHERE);
  const { base = "imagenet", device = "auto", threads, onNote, signal } = options;
  checkChoice(device, ["auto", "webgpu", "wasm"], WHERE, "device");
  if (threads !== undefined) checkInteger(threads, WHERE, "threads", 1, MAX_THREADS);
  checkTeaching(options);
  const found = await findSource(base, { ...options, where: WHERE, encoders: true });
  return runOnDevice({ device, dtype: "fp32", where: WHERE, signal }, (chosen, note) => {
    onNote?.(note);
    if (chosen === "wasm" && !crossOriginIsolated && threads !== 1) onNote?.(ONE_THREAD);
    return teachOn(chosen, found, options);
  });
}

const WHERE = "fineTune";

const OPTIONS: readonly (keyof FineTuneOptions)[] = [
  ...(["base", "classes", "samples", "previews", "layers", "longSide", "steps", "seed"] as const),
  ...(["device", "threads"] as const),
  ...ASSET_OPTIONS,
  ...(["onProgress", "onPreview", "onModel", "modelEvery", "onDownload", "onNote", "signal"] as const),
];

function teachOn(device: Device, found: FoundModel, options: FineTuneOptions): Promise<TaughtModel> {
  const { classes, layers, longSide, steps, seed, modelEvery, threads, onDownload, onModel } = options;
  return withWorker<TeachingProtocol, TaughtModel>(
    { ...options, device, found, where: WHERE, role: "teacher", onProgress: onDownload },
    async ({ client, file: { name, bytes }, engine }) => {
      const copy = (source: PictureSource) => makeSendable(source, WHERE);
      const copying = options.samples.map(async ({ picture, labels }) => ({
        labels,
        ...(await copy(picture)),
      }));
      const showing = (options.previews ?? []).map(copy);
      const { port1: here, port2: events } = new MessageChannel();
      try {
        const [sendable, shown] = await Promise.all([Promise.all(copying), Promise.all(showing)]);
        const ended = follow(here, options);
        const answer = client.ask(
          "teach",
          {
            ...{ base: bytes, name, backbone: found.backbone, engine, threads: countThreads(threads) },
            samples: sendable.map(({ picture, labels }) => ({ picture, labels })),
            previews: shown.map(({ picture }) => picture),
            ...{ events, wantsModels: onModel !== undefined },
            options: { classes, layers, longSide, steps, seed, modelEvery },
          },
          [events, ...[...sendable, ...shown].flatMap(({ transfer }) => transfer)],
        );
        const [taught] = await Promise.all([answer, ended]);
        return new TaughtModel(taught.description, taught.bytes);
      } catch (error) {
        // Those that were not moved to the worker.
        const copies = await Promise.allSettled([...copying, ...showing]);
        const made = copies.flatMap((copy) => (copy.status === "fulfilled" ? copy.value.transfer : []));
        return closeAll(made)(error);
      } finally {
        here.close();
        client.terminate();
      }
    },
  );
}

/** Hands what is told on the way to the caller until its end. Rejects with what a callback throws. */
function follow(port: MessagePort, { onProgress, onPreview, onModel }: FineTuneOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const take = async (event: TeachingEvent): Promise<void> => {
      if (event.kind === "end") return resolve();
      if (event.kind === "progress") return onProgress?.(event.progress);
      if (event.kind === "preview") await onPreview?.(event.labels);
      else await onModel?.(new TaughtModel(event.model.description, event.model.bytes));
      port.postMessage("done");
    };
    port.onmessage = ({ data }: MessageEvent<TeachingEvent>) => void take(data).catch(reject);
  });
}
