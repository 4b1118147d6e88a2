import { LightsegError } from "../errors.ts";
import { ConfusionMatrix } from "../evaluation/confusion-matrix.ts";
import { decodePhoto } from "../images/node/decode.ts";
import { decodeMask } from "../images/node/mask.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import { renderOverlay } from "../inference/node/render.ts";
import { keyOfId, publicAddress } from "./address.ts";
import { maskDoubtful } from "./confident-mask.ts";
import { type BatchJob, chunkName, toJson } from "./job.ts";
import { writeLabelPng } from "./label-png.ts";
import type { Lane, LaneResult } from "./lane.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { readAddress } from "./open-storage.ts";
import type { PhotoEntry } from "./photo-entry.ts";
import { type ResultRow, writeResults } from "./results.ts";
import { encodeRunLengths } from "./run-length.ts";
import { renderSample } from "./samples.ts";
import { withoutEnding } from "./source.ts";
import type { Storage } from "./storage.ts";

/**
 * Photos of a chunk under way at once: one or two at the network, the others being read, decoded, encoded or
 * written.
 */
const AHEAD = 4;

export interface SegmentChunkOptions {
  readonly index: number;
  readonly photos: readonly PhotoEntry[];
  readonly job: BatchJob;
  readonly target: Storage;
  readonly lane: Lane;
  /** Stops between two photos: the chunk is then as if it had not been begun. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the photo is at fault for a failure of the engine, as after repeated tries. Defaults to false.
   */
  readonly blamePhotos?: boolean;
  /** Told of each photo that is done, and whether it has an error. */
  readonly onPhoto?: ((hasError: boolean) => void) | undefined;
}

export interface ChunkResult {
  readonly photos: number;
  /** Photos whose row has an error. */
  readonly errors: number;
}

/**
 * Segments the photos of a chunk and writes what the job asks for, the table last. One machine and workers on
 * a queue both do this.
 *
 * A photo that is missing, broken or too large becomes a row with its error. Done twice, it leaves the same
 * files.
 *
 * @throws LightsegError STORAGE, OUTPUT or RUNTIME for what is no fault of a photo; the signal's reason
 */
export async function segmentChunk(options: SegmentChunkOptions): Promise<ChunkResult> {
  const { index, photos, job, target, lane, signal, onPhoto } = options;
  const confusion = job.evaluate ? new ConfusionMatrix(lane.model.classes.length) : undefined;
  const rows = await mapConcurrently(photos, AHEAD, async (photo, place) => {
    signal?.throwIfAborted();
    const own = { ...options, confusion, number: index * job.chunkSize + place };
    const found = await segmentPhoto(photo, own).catch((error: unknown) => errorRow(photo, error, options));
    onPhoto?.(found.some(({ error }) => error !== null));
    return found;
  });
  signal?.throwIfAborted();
  if (confusion) await target.write(`confusion/${chunkName(index)}.json`, toJson([...confusion.counts]));
  await writeResults(target, index, rows.flat());
  return { photos: photos.length, errors: rows.filter((found) => found[0]?.error !== null).length };
}

interface SegmentPhotoOptions extends SegmentChunkOptions {
  readonly confusion: ConfusionMatrix | undefined;
  /** Of the photo, among all of the job. */
  readonly number: number;
}

async function segmentPhoto(photo: PhotoEntry, options: SegmentPhotoOptions): Promise<ResultRow[]> {
  const { job, lane, confusion, signal } = options;
  const decoded = await decodePhoto(await readAddress(photo.source, signal));
  const truth = photo.mask === undefined ? undefined : await readTruth(photo.mask, decoded, options);
  const result = await lane.segment(decoded, job.settings);
  if (confusion && truth)
    confusion.add(truth, { width: result.width, height: result.height, data: result.labels });
  const labels = await writePictures(photo, result, options);
  const { width, height, found, milliseconds } = result;
  return found.map((share) => ({
    ...commonColumns(photo, job),
    ...{ width, height, milliseconds, labels },
    ...{ label: share.label, class: share.name, pixels: share.pixels, share: share.share },
    confidence: share.confidence ?? null,
    rle:
      job.settings.labels === "rle"
        ? encodeRunLengths(result.labels, { width, height, label: share.label })
        : null,
    ...{ errorCode: null, error: null },
  }));
}

/** @throws LightsegError for a mask of another size, or with values that are no classes of the model */
async function readTruth(
  address: string,
  photo: Photo,
  { job: { model }, signal }: Pick<SegmentChunkOptions, "job" | "signal">,
): Promise<LabelMap> {
  const file = publicAddress(address);
  const mask = decodeMask(await readAddress(address, signal), file);
  const fault = (rule: string, value: unknown) =>
    new LightsegError({ code: "INVALID_DATASET", where: "readTruth", file, argument: "mask", rule, value });
  const { width, height } = photo;
  if (mask.width !== width || mask.height !== height)
    throw fault(`must have the size of its photo, ${width}x${height}`, `${mask.width}x${mask.height}`);
  const last = model.classes.length - 1;
  const other = mask.data.find((label) => label > last && label !== IGNORE_LABEL);
  if (other !== undefined) throw fault(`must hold the model's classes, 0 to ${last}, or 255`, other);
  return mask;
}

/** @returns the key of the label map */
async function writePictures(
  { id }: PhotoEntry,
  result: LaneResult,
  { job, target, number }: SegmentPhotoOptions,
): Promise<string | null> {
  const { width, height, labels, palette } = result;
  const { settings } = job;
  const key = keyOfId(id);
  const write = async (name: string, bytes: Promise<Uint8Array>) => {
    await target.write(name, await bytes);
    return name;
  };
  if (settings.overlays) await write(`overlays/${key}.png`, renderOverlay(result));
  if (isSample(number, job)) await write(`samples/${chunkName(number)}.png`, renderSample(result));
  if (settings.keepConfident !== null) {
    const data = maskDoubtful(result, settings.keepConfident);
    return write(`masks/${keyOfId(withoutEnding(id))}.png`, writeLabelPng({ width, height, data }, palette));
  }
  if (settings.labels !== "png") return null;
  return write(`labels/${key}.png`, writeLabelPng({ width, height, data: labels }, palette));
}

/** Whether a photo is one of the samples, which lie evenly over the job. */
function isSample(number: number, { photos, settings }: BatchJob): boolean {
  const step = Math.max(1, photos / Math.max(1, settings.samples));
  return settings.samples > 0 && Math.floor((number + 1) / step) > Math.floor(number / step);
}

/** Faults of a photo or its mask; all others are those of the machine. */
const PHOTO_FAULTS = ["NOT_FOUND", "INVALID_IMAGE", "INVALID_ARGUMENT", "INVALID_DATASET"];

function errorRow(
  photo: PhotoEntry,
  error: unknown,
  { job, blamePhotos, signal }: SegmentChunkOptions,
): ResultRow[] {
  if (signal?.aborted) throw error;
  const code = error instanceof LightsegError ? error.code : "INTERNAL";
  const isFault =
    PHOTO_FAULTS.includes(code) || (blamePhotos === true && !["STORAGE", "OUTPUT"].includes(code));
  if (!isFault) throw error;
  const missing = {
    label: null,
    class: null,
    pixels: null,
    share: null,
    confidence: null,
    labels: null,
    rle: null,
  };
  const size = { width: null, height: null, milliseconds: null };
  return [
    { ...commonColumns(photo, job), ...size, ...missing, errorCode: code, error: describeFault(error) },
  ];
}

function commonColumns({ id, source }: PhotoEntry, { model }: BatchJob) {
  const { name, version, dtype } = model;
  return { id, source: publicAddress(source), model: name, modelVersion: version, dtype };
}

/** Without the name of the function that noticed; a photo that comes as bytes has no other name here. */
function describeFault(error: unknown): string {
  if (!(error instanceof LightsegError)) return "the photo cannot be segmented";
  const message = error.message.slice(error.details.where.length + 2);
  return message.replace(/^bytes /, "the photo ").replaceAll(/\s+/g, " ");
}
