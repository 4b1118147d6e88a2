import { type JobSettings, labelForms } from "../batch/job.ts";
import { DEFAULT_CHUNK_SIZE, MAX_CHUNK_SIZE } from "../batch/plan.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import type { Arguments, Option } from "./arguments.ts";
import { choice, dtypeOption, flag, integer, real, text } from "./options.ts";

export const out = text("out", "TARGET", "Folder or s3://BUCKET/PREFIX for the results");
const model = text("model", "NAME|FILE", `Shipped model or model file (default ${DEFAULT_MODEL})`);
const column = text(
  "column",
  "NAME",
  "Column of a list that has the addresses (default: photo, source, path, url, key ...)",
);
const masks = text(
  "masks",
  "ADDRESS",
  "Folder or prefix of masks, ID.png each, to compare with; see batch evaluate",
);
const resume = flag(
  "resume",
  "Go on with the batch that the target holds; SOURCE and other options may be left out",
);
const chunk = integer(
  "chunk",
  "N",
  { min: 1, max: MAX_CHUNK_SIZE },
  `Photos whose results are written in one go (default ${DEFAULT_CHUNK_SIZE})`,
);
const labels = choice(
  "labels",
  "FORM",
  labelForms,
  "Label maps as png, as rle in the table, or none (default png)",
);
const confidence = flag("confidence", "Also give the mean probability of each class (slower)");
const keepConfident = real(
  "keep-confident",
  "X",
  { min: 0, max: 1 },
  "Instead of label maps, write masks for training, with 255 where the probability is below X",
);
const overlays = flag("overlays", "Also write each photo with the classes in color");
const samples = integer("samples", "N", { min: 0, max: 600 }, "Photos on contact-sheet.png (default 0)");
const dtype = dtypeOption("auto");
export const concurrency = integer(
  "concurrency",
  "N",
  { min: 1, max: MAX_THREADS },
  "Networks side by side (default: number of cores, less where memory is small)",
);
export const queue = text(
  "queue",
  "URL",
  "redis://HOST:PORT of the queue (default: the variable LIGHTSEG_QUEUE)",
);

/** The options that say what a batch is. */
export const batchOptions: readonly Option<unknown>[] = [
  ...[out, model, dtype, resume, column, masks, chunk, labels, confidence, keepConfident, overlays, samples],
];

/** What a batch is, as it was typed. One that is gone on with knows what is left out. */
export function typedBatch(args: Arguments) {
  const [source] = args.operands;
  if (source === undefined && !args.has(resume)) throw args.usageError("SOURCE", "is required");
  return {
    source,
    out: args.require(out),
    model: args.get(model),
    dtype: args.get(dtype),
    resume: args.has(resume),
    column: args.get(column),
    masks: args.get(masks),
    chunkSize: args.get(chunk),
    settings: typedSettings(args),
  };
}

function typedSettings(args: Arguments): Partial<JobSettings> {
  if (args.has(keepConfident) && args.has(labels))
    throw args.usageError("--keep-confident", "writes masks in the place of --labels");
  const isPseudo = args.has(keepConfident);
  return {
    labels: isPseudo ? "none" : args.get(labels),
    confidence: isPseudo || args.has(confidence) || undefined,
    keepConfident: args.get(keepConfident),
    overlays: args.has(overlays) || undefined,
    samples: args.get(samples),
  };
}

/**
 * The address of the queue: typed, or, so that its password is not seen among the processes, from the
 * environment.
 */
export function typedQueue(args: Arguments): string {
  const url = args.get(queue) ?? process.env.LIGHTSEG_QUEUE;
  if (url === undefined || url === "")
    throw args.usageError("--queue URL", "is required, or the variable LIGHTSEG_QUEUE");
  return url;
}
