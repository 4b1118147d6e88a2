import { checkKeys } from "../../check.ts";
import { decodePhoto } from "../../images/node/decode.ts";
import type { LabelMap, Photo } from "../../images/types.ts";
import { type PhotoSource, readPhoto } from "../../inference/segmenter.ts";
import { findShippedWeights, readMetadata, readParameters } from "../../model-files/node/shipped.ts";
import { networkParameters } from "../../model-files/parameters.ts";
import type { DeviceChoice } from "../../runtime/node/devices.ts";
import { findDevice } from "../../runtime/node/find-device.ts";
import { samplesOf } from "../../training/samples.ts";
import { networkOfBase } from "../base.ts";
import { checkTeaching } from "../check.ts";
import type { TeachingBase, TeachingOptions } from "../options.ts";
import { encodeTaught, type TaughtModel } from "../taught-model.ts";
import { teach } from "../teach.ts";

const WHERE = "fineTune";

/** A picture and what is labelled in it. */
export interface TeachingSample {
  /** A path or file URL, the bytes of a file, or RGB pixels. */
  readonly picture: PhotoSource;
  /** Of the picture's size; 255 where a pixel has no label. */
  readonly labels: LabelMap;
}

/** Options of `fineTune`. */
export interface FineTuneOptions extends Omit<TeachingOptions, "samples" | "previews"> {
  /** 1 to 100 pictures; each class needs labelled pixels in some. */
  samples: readonly TeachingSample[];
  /** Pictures in which `onPreview` shows what was learned, at most 20. Defaults to none. */
  previews?: readonly PhotoSource[];
  /** A shipped model, a model file, or `imagenet`, the default: the encoder that knows the most things. */
  base?: string;
  /** Where it is computed. Defaults to `auto`: a graphics card that works, else the CPU. */
  device?: DeviceChoice;
  /** Threads of the engine, 1 to 256. Defaults to the number of cores. */
  threads?: number;
}

const OPTIONS: readonly (keyof FineTuneOptions)[] = [
  ...(["base", "classes", "samples", "previews", "layers", "longSide", "steps", "seed"] as const),
  ...(["device", "threads", "onProgress", "onPreview", "onModel", "modelEvery", "signal"] as const),
];

/**
 * Fine-tunes a network on a few pictures, of which only some pixels need a label (strokes), in seconds.
 *
 * @example
 * const classes = [{ name: "background" }, { name: "mug" }];
 * const taught = await fineTune({ classes, samples: [{ picture: "desk.jpg", labels }] });
 * await writeFile("mug.safetensors", taught.bytes);
 * const segmenter = await Segmenter.load(taught.toBlob());
 *
 * @throws LightsegError INVALID_ARGUMENT for classes, samples or options out of range, INVALID_IMAGE for a
 *   picture that cannot be read, NOT_FOUND or INVALID_WEIGHTS for the base, RUNTIME if the engine fails; the
 *   signal's reason
 */
export async function fineTune(options: FineTuneOptions): Promise<TaughtModel> {
  checkKeys(options, OPTIONS, WHERE);
  checkTeaching(options);
  const { base = "imagenet", device = "auto", threads, samples, previews = [], ...others } = options;
  const [from, { open }] = await Promise.all([readBase(base), findDevice(device)]);
  const photos = samplesOf(samples, async ({ picture, labels }) => ({ photo: await read(picture), labels }));
  const shown = await Promise.all(previews.map(read));
  return encodeTaught(await teach(from, { ...others, samples: photos, previews: shown }, { open, threads }));
}

function read(picture: PhotoSource): Promise<Photo> {
  return readPhoto(picture, WHERE, decodePhoto);
}

/** A shipped encoder, or a model of which at least the encoder is used. */
async function readBase(base: string): Promise<TeachingBase> {
  const network = await networkOf(base);
  const { weights } = await readParameters(base, networkParameters(network).expected);
  return { network, weights };
}

async function networkOf(base: string): Promise<string> {
  const entry = await findShippedWeights(base);
  if (entry?.kind === "encoder") return networkOfBase({ file: base, backbone: entry.backbone, metadata: {} });
  return networkOfBase(await readMetadata(base));
}
