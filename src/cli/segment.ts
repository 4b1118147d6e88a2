import { join, parse, resolve } from "node:path";
import { LightsegError } from "../errors.ts";
import { formatTable } from "../format-table.ts";
import { MAX_BUDGET } from "../inference/max-budget.ts";
import { Segmenter } from "../inference/node/node-segmenter.ts";
import { renderLabels, renderOverlay } from "../inference/node/render.ts";
import type { Segmentation } from "../inference/segmenter.ts";
import { checkFolderOf, makeFolder, writeFileAtomically } from "../node/files.ts";
import { encodeNpy } from "../weights/npy.ts";
import type { Arguments, Command } from "./arguments.ts";
import { findPhotos, LABELS, OVERLAY } from "./find-photos.ts";
import {
  classes,
  deviceOption,
  dtypeOption,
  flag,
  help,
  integer,
  json,
  model,
  real,
  text,
  threads,
  weights,
} from "./options.ts";
import { colors, describeError, formatShare, log, logError } from "./output.ts";
import { findClip, labels, segmentVideo, smoothing } from "./segment-video.ts";
import { summaries } from "./summaries.ts";

const DEFAULT_OUT = "lightseg-out";

const out = text(
  "out",
  "DIR",
  `Folder for the results, made if absent; for a clip also a file name (default ${DEFAULT_OUT})`,
);
const scores = text("scores", "FILE.npy", "Also write the logits of one photo, float32 [C, h, w]");
const confidence = flag("confidence", "Also show the mean probability of each class, 0..100 % (slower)");
const dtype = dtypeOption("auto");
const device = deviceOption("auto");
const opacity = real(
  "opacity",
  "X",
  { min: 0, max: 1 },
  "Share of the class color in the overlay, 0..1 (default 0.5)",
);

const budget = integer(
  "budget",
  "MS",
  { min: 1, max: MAX_BUDGET },
  "Milliseconds for a photo: the network is timed first, and sees no more pixels than fit",
);

export const segment: Command = {
  name: "segment",
  summary: summaries.segment,
  operands: { name: "CLIP|PHOTO|FOLDER...", min: 1, max: Number.POSITIVE_INFINITY },
  options: [
    ...[model, weights, classes, dtype, out, scores, confidence, opacity, labels, smoothing],
    ...[device, threads, budget, json, help],
  ],
  notes: [
    `For each photo, NAME${LABELS} (class index of each pixel, with a palette) and NAME${OVERLAY} (photo, classes in color, legend) are written. Of a folder, its photos are segmented (jpg, png, webp, tif, gif, avif), but not those in folders within it, nor earlier results.`,
    "A clip (mp4, mov, mkv, webm, avi and others) becomes one clip of the same length with the same sound: NAME.overlay.mp4, or what --out names (mp4, m4v, mov, mkv, webm). This needs ffmpeg on the PATH. On a CPU its frames are segmented by networks of one thread each, side by side, unless there is a --budget.",
    "A photo that cannot be read does not stop the others; the exit code is then 1. Times are in milliseconds.",
    "A hint names photos of which the network is unsure: the mean confidence, over the pixels of all classes but background, is lower than on 97 % of the photos that the model was measured on.",
  ],
  examples: [
    "lightseg segment street.jpg",
    "lightseg segment photos/ --out results --confidence",
    "lightseg segment drive.mp4 --out classes.mp4 --smoothing 0.6",
    "lightseg segment street.jpg --model refinenet-lw-mobilenet-v2 --weights voc.pth --classes 21",
  ],

  async run(args, print) {
    const folder = args.get(out) ?? DEFAULT_OUT;
    const options = {
      folder,
      confidence: args.has(confidence),
      opacity: args.get(opacity),
      scores: args.get(scores),
    };
    const settings = {
      weights: args.get(weights),
      classes: args.get(classes),
      dtype: args.get(dtype),
      device: args.get(device),
      threads: args.get(threads),
      budget: args.get(budget),
      onNote: log,
    };
    const name = args.get(model);
    const load = () => Segmenter.load(name, settings);
    const clip = findClip(args, [scores, confidence]);
    if (clip !== undefined) {
      const { opacity } = options;
      const style = { labels: args.has(labels), smoothing: args.get(smoothing), opacity };
      // A budget is for the time of each frame, which is least where one has all threads.
      const concurrency = settings.budget === undefined ? "auto" : 1;
      const loadForClip = () => Segmenter.load(name, { ...settings, concurrency });
      return segmentVideo(clip, { out: folder, load: loadForClip, ...style }, print);
    }
    const { photos, passedOver } = await findPhotos(args.operands, "segment");
    checkOutputs(args, photos, options);
    if (options.scores !== undefined) await checkFolderOf(options.scores);

    await using segmenter = await load();
    const results: Record<string, unknown>[] = [];
    let failure: ReturnType<typeof describeError> | undefined;
    for (const photo of photos) {
      try {
        const result = await segmentOne(segmenter, photo, options, print);
        results.push(result);
      } catch (error) {
        // A result that cannot be written means that none can: the disk is full, or the folder is gone.
        if (!(error instanceof LightsegError) || error.code === "OUTPUT") throw error;
        const described = describeError(error);
        logError("segment", described.message);
        results.push({ photo, error: described });
        failure ??= described;
      }
    }
    const json = { folder, dtype: segmenter.dtype, photos: results, passedOver };
    return failure ? { json: { ...json, error: failure }, exitCode: 1 } : { json };
  },
};

interface SegmentOneOptions {
  folder: string;
  confidence: boolean;
  opacity: number | undefined;
  scores: string | undefined;
}

async function segmentOne(
  segmenter: Segmenter,
  photo: string,
  { folder, confidence, opacity, scores }: SegmentOneOptions,
  print: (text: string) => void,
): Promise<Record<string, unknown>> {
  const { lowConfidence } = segmenter.model;
  const result = await segmenter.segment(photo, {
    confidence,
    scores: scores !== undefined,
    meanConfidence: lowConfidence !== undefined,
  });
  const paths = outputsOf(photo, folder);
  const files = new Map([
    [paths.labels, renderLabels(result)],
    [paths.overlay, await renderOverlay(result, { opacity })],
  ]);
  if (scores !== undefined && result.scores) {
    const { data, shape } = result.scores;
    files.set(scores, encodeNpy({ data, shape: shape.slice(1) }));
  }
  await makeFolder(folder);
  for (const [path, bytes] of files) await writeFileAtomically(path, bytes);

  print(describe(photo, result, [...files.keys()]));
  const { width, height, networkSize, timing, found, meanConfidence } = result;
  const isUnsure = meanConfidence !== undefined && meanConfidence < (lowConfidence ?? 0);
  if (isUnsure) print(hint(meanConfidence, lowConfidence));
  const written = { ...paths, ...(scores !== undefined && { scores }) };
  const confident = meanConfidence === undefined ? {} : { meanConfidence, unsure: isUnsure };
  return { photo, width, height, ...written, classes: found, ...confident, timing, networkSize };
}

/** For a photo that the model is less sure of than of nearly all that it was measured on. */
function hint(mean: number, low: number | undefined): string {
  const text = `mean confidence ${formatShare(mean)}, under the ${formatShare(low)} that this model nearly always has on photos like those of its training`;
  return colors.yellow(`  hint: ${text}: do not rely on these labels`);
}

function describe(photo: string, result: Segmentation, files: readonly string[]): string {
  const { width, height, found, timing, networkSize } = result;
  const rows = found.map(({ name, share, confidence }) => [
    name,
    formatShare(share),
    ...(confidence === undefined ? [] : [`confidence ${formatShare(confidence)}`]),
  ]);
  const { preprocess, inference, postprocess, warmUp } = timing;
  const times = Object.entries({ preprocess, inference, postprocess }).map(
    ([part, milliseconds]) => `${part} ${milliseconds.toFixed(1)} ms`,
  );
  if (warmUp) times.push("the engine's preparation included");
  const shrunk = networkSize.width !== width || networkSize.height !== height;
  return [
    `${colors.bold(photo)}  ${width}x${height}`,
    formatTable(rows, "  "),
    ...(shrunk ? [`  shrunk to ${networkSize.width}x${networkSize.height} for the network`] : []),
    colors.dim(`  ${times.join(", ")}`),
    `  wrote ${files.join(", ")}`,
  ].join("\n");
}

function outputsOf(photo: string, folder: string): { labels: string; overlay: string } {
  const base = join(folder, parse(photo).name);
  return { labels: `${base}${LABELS}`, overlay: `${base}${OVERLAY}` };
}

/** Nothing may be written over: not another photo's result, nor a photo. */
function checkOutputs(
  args: Arguments,
  photos: readonly string[],
  { folder, scores }: SegmentOneOptions,
): void {
  if (scores !== undefined && !scores.endsWith(".npy"))
    throw args.usageError("--scores", "must be a file name that ends in .npy", scores);
  if (scores !== undefined && photos.length > 1)
    throw args.usageError("--scores", `takes exactly one photo, and there are ${photos.length}`);
  const sources = new Set(photos.map((photo) => resolve(photo)));
  const writers = new Map<string, string>();
  for (const photo of photos) {
    const { labels, overlay } = outputsOf(photo, folder);
    for (const path of [labels, overlay]) {
      if (sources.has(resolve(path)))
        throw args.usageError(photo, `would be written over the photo ${path}: choose another --out`);
    }
    // Some file systems take upper and lower case for the same.
    const key = labels.normalize("NFC").toLowerCase();
    const other = writers.get(key);
    if (other !== undefined)
      throw args.usageError(
        photo,
        `and ${other} would both be written to ${labels}: segment them one at a time, each with its own --out`,
      );
    writers.set(key, photo);
  }
}
