import { LightsegError } from "../errors.ts";
import { lowerToOnnx } from "../graph/onnx/lower.ts";
import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { resizePhoto } from "../images/resample.ts";
import type { Photo } from "../images/types.ts";
import type { Model } from "../model-files/model.ts";
import { normalizeInto } from "../models/preprocessing.ts";
import type { Engine, Session, TensorData } from "../runtime/session.ts";
import { requireHalfRange } from "./activation-range.ts";
import { type ExportOptions, selectOutputs } from "./onnx.ts";

/** How far an exported file may be from its source. */
export interface Tolerance {
  /** Largest error of a score, relative to the largest score. */
  readonly error: number;
  /** Share of pixels, 0..1, whose label must be the same. */
  readonly agreement: number;
}

/** Tolerances of `checkExport` by the file's element type. */
export const defaultTolerances: Readonly<Record<"fp32" | "fp16", Tolerance>> = {
  fp32: { error: 1e-4, agreement: 0.999 },
  fp16: { error: 2e-2, agreement: 0.99 },
};

/** How far an exported file is from its source. An output that the file lacks is not compared. */
export interface Drift {
  readonly error?: number;
  readonly agreement?: number;
}

/** Options of `checkExport`. */
export interface CheckExportOptions extends Engine {
  /** The options that the file was exported with. */
  readonly exported: ExportOptions;
  /** Compared on this photo, at two odd sizes and as a batch of two where the file takes any. */
  readonly photo: Photo;
  /** Defaults to `defaultTolerances` of the file's element type. */
  readonly tolerance?: Tolerance;
}

/**
 * Runs an exported file and its source on a photo and compares what they give. The source sees one photo at a
 * time, so that the photos of a batch must give what they give alone. For fp16 no feature map may leave the
 * range of float16.
 *
 * @param bytes the file as it was written
 * @throws LightsegError RUNTIME if the engine refuses the file, scores or labels drift beyond the tolerance,
 *   or a feature map leaves the range
 */
export async function checkExport(
  bytes: Uint8Array,
  model: Model,
  options: CheckExportOptions,
): Promise<Drift> {
  const { exported, tolerance = defaultTolerances[exported.dtype ?? "fp32"], open, threads } = options;
  const source = await open(lowerSource(model, exported), { threads });
  try {
    const file = await open(bytes, { threads });
    try {
      let drift: Drift = {};
      for (const photos of makeInputs(options))
        drift = worse(drift, await compare(file, source, { model, photos, outputs: outputNames(exported) }));
      requireClose(drift, tolerance);
      if (exported.dtype === "fp16")
        await requireHalfRange(model, batchOf(model, [shrink(options.photo, RANGE_SIDE)]), options);
      return drift;
    } finally {
      await file.dispose();
    }
  } finally {
    await source.dispose();
  }
}

/** The model as it is run here: batch norm folded, float32, any size; with both outputs. */
function lowerSource(model: Model, { upsample }: ExportOptions): Uint8Array {
  const outputs = selectOutputs(model, { upsample, labels: true, scores: true });
  const folded = foldBatchNorm(Object.values(outputs));
  const entries = Object.entries(outputs).map(([name, tensor]) => [name, folded(tensor)]);
  return lowerToOnnx(Object.fromEntries(entries), {
    parameters: (name) => model.weights.get(name)?.data ?? "input",
  });
}

/** Longest side of the photo for comparing scores, and of the one whose feature maps are all held. */
const COMPARED_SIDE = 257;
const RANGE_SIDE = 129;

/** Batches of photos to compare on. */
function makeInputs({ exported: { size }, photo }: CheckExportOptions): Photo[][] {
  if (size) return [[resizePhoto(photo, size[1], size[0])]];
  const whole = shrink(photo, COMPARED_SIDE);
  const small = resizePhoto(whole, (whole.width / 2) | 1, ((whole.height / 2) | 1) + 2);
  return [[whole], [small], [whole, mirror(whole)]];
}

/** Odd sides of 33 to `side` pixels: odd sizes find mistakes of rounding that even ones hide. */
function shrink(photo: Photo, side: number): Photo {
  const odd = (extent: number) => Math.max(33, Math.min(extent, side)) | 1;
  return resizePhoto(photo, odd(photo.width), odd(photo.height));
}

function batchOf(model: Model, photos: readonly Photo[]): TensorData {
  const [{ width, height } = { width: 0, height: 0 }] = photos;
  const data = new Float32Array(photos.length * 3 * height * width);
  for (const [index, photo] of photos.entries())
    normalizeInto(photo, model.preprocessing, data, index * 3 * height * width);
  return { data, shape: [photos.length, 3, height, width] };
}

function mirror({ width, height, data }: Photo): Photo {
  const mirrored = new Uint8Array(data.length);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const opposite = pixel - (pixel % width) + (width - 1 - (pixel % width));
    mirrored.set(data.subarray(3 * pixel, 3 * pixel + 3), 3 * opposite);
  }
  return { width, height, data: mirrored };
}

/** The outputs of the exported file. */
function outputNames({ labels = false, scores = !labels }: ExportOptions): string[] {
  return [...(scores ? ["scores"] : []), ...(labels ? ["labels"] : [])];
}

async function compare(
  file: Session,
  source: Session,
  { model, photos, outputs }: { model: Model; photos: readonly Photo[]; outputs: readonly string[] },
): Promise<Drift> {
  const { scores, labels } = await file.run({ image: batchOf(model, photos) }, outputs);
  let drift: Drift = {};
  for (const [index, photo] of photos.entries()) {
    const expected = await source.run({ image: batchOf(model, [photo]) }, ["scores", "labels"]);
    drift = worse(drift, {
      ...(scores && { error: largestError(rowOf(scores, index), expected.scores) }),
      ...(labels && { agreement: shareOfEqual(rowOf(labels, index), expected.labels) }),
    });
  }
  return drift;
}

/** What one photo of a batch got. */
function rowOf({ data, shape: [batch = 1, ...shape] }: TensorData, index: number): TensorData {
  const size = data.length / batch;
  return { data: data.subarray(index * size, (index + 1) * size), shape: [1, ...shape] };
}

/** The largest difference, relative to the largest value; infinite for another shape, or where one is NaN. */
function largestError(actual: TensorData, expected: TensorData): number {
  if (String(actual.shape) !== String(expected.shape)) return Number.POSITIVE_INFINITY;
  let largest = Number.MIN_VALUE;
  let error = 0;
  for (let index = 0; index < actual.data.length; index++) {
    const value = expected.data[index] ?? Number.NaN;
    const difference = Math.abs((actual.data[index] ?? Number.NaN) - value);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(value));
    error = Math.max(error, difference);
  }
  return error / largest;
}

function shareOfEqual(actual: TensorData, expected: TensorData): number {
  if (String(actual.shape) !== String(expected.shape)) return 0;
  let equal = 0;
  for (let index = 0; index < actual.data.length; index++)
    if (actual.data[index] === expected.data[index]) equal++;
  return equal / actual.data.length;
}

function worse(a: Drift, b: Drift): Drift {
  return {
    ...(b.error !== undefined && { error: Math.max(a.error ?? 0, b.error) }),
    ...(b.agreement !== undefined && { agreement: Math.min(a.agreement ?? 1, b.agreement) }),
  };
}

function requireClose({ error = 0, agreement = 1 }: Drift, tolerance: Tolerance): void {
  const fail = (argument: string, rule: string, value: string) => {
    const hint = "the exported file was not kept";
    throw new LightsegError({ code: "RUNTIME", where: "checkExport", argument, rule, value, hint });
  };
  if (!(error <= tolerance.error))
    fail("scores", `must be within ${tolerance.error} of the source's`, error.toExponential(2));
  if (!(agreement >= tolerance.agreement))
    fail(
      "labels",
      `must agree with the source's for ${100 * tolerance.agreement} % of the pixels`,
      `${(100 * agreement).toFixed(2)} %`,
    );
}
