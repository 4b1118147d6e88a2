import { type BatchProgress, type BatchResult, runBatch } from "../batch/run.ts";
import { plural } from "../plural.ts";
import { type Command, unknownVerb } from "./arguments.ts";
import { batchEvaluate } from "./batch-evaluate.ts";
import { batchOptions, concurrency, typedBatch } from "./batch-options.ts";
import { batchCancel, batchStatus, batchSubmit, batchWork } from "./batch-queue.ts";
import { catchInterrupts } from "./interrupt.ts";
import { help, json, threads } from "./options.ts";
import { formatDuration, log } from "./output.ts";
import { Progress } from "./progress.ts";
import { summaries } from "./summaries.ts";

const batchNotes = [
  "SOURCE is a folder or s3://BUCKET/PREFIX with the folders in it, a photo, or a list: .txt (an address a line), .csv, .jsonl or .parquet with a column of addresses and perhaps id and mask. Addresses are paths, s3:// and http(s)://.",
  "TARGET holds labels/ID.png and results/*.parquet, which DuckDB and pandas read as they are: a row for each class of each photo. A photo that cannot be read is a row with its error.",
  "Credentials of S3 come from the environment or the SDK's chain; AWS_ENDPOINT_URL names another server.",
];

/** The batch verb that is meant by the first word after `batch`. @throws LightsegError INVALID_ARGUMENT */
export function findBatchVerb(word: string | undefined): Command {
  const found = verbs.find(({ name }) => name === `batch ${word}`);
  if (found) return found;
  if (word === "--help" || word === "-h") return overview;
  const known = verbs.map(({ name }) => name.slice("batch ".length));
  throw unknownVerb("batch", word, known);
}

const batchRun: Command = {
  name: "batch run",
  summary: "Segments all photos of a source on this machine, without a server.",
  operands: { name: "[SOURCE]", min: 0, max: 1 },
  options: [...batchOptions, concurrency, threads, json, help],
  notes: [
    ...batchNotes,
    "Ctrl-C and SIGTERM stop between two photos; --resume does the chunks that are not done.",
  ],
  examples: [
    "lightseg batch run photos/ --out results",
    "lightseg batch run s3://shop/photos --out s3://shop/classes --model my-run/best.safetensors",
    "lightseg batch run --out s3://shop/classes --resume",
    "lightseg batch run unlabeled/ --out pseudo --keep-confident 0.9",
  ],
  async run(args, print) {
    const typed = typedBatch(args);
    const result = await runWithProgress({
      ...typed,
      concurrency: args.get(concurrency),
      threads: args.get(threads),
    });
    if ("exitCode" in result) {
      print(
        `stopped after ${result.done} of ${plural(result.photos, "photo")}; go on with: lightseg batch run --out ${typed.out} --resume`,
      );
      const { done, photos } = result;
      return { json: { finished: false, done, photos }, exitCode: result.exitCode };
    }
    const { own, errors, seconds, job } = result;
    print(
      `${plural(job.photos, "photo")} done, ${own} of them now, ${errors} with errors${rate(own, seconds)}`,
    );
    print(`wrote ${typed.out}/results/*.parquet`);
    return {
      json: { finished: true, photos: job.photos, done: job.photos, own, errors, seconds, model: job.model },
    };
  },
};

const verbs = [batchRun, batchSubmit, batchWork, batchStatus, batchCancel, batchEvaluate];

const overview: Command = {
  name: "batch",
  summary: summaries.batch,
  operands: { name: "VERB", min: 1, max: 1 },
  options: [help],
  notes: verbs.map(({ name, summary }) => `${name}: ${summary}`),
  examples: ["lightseg batch run --help", "lightseg batch submit --help"],
  run: () => Promise.reject(new TypeError("the overview is only shown")),
};

type RunOutcome =
  | (BatchResult & { readonly seconds: number })
  | (Pick<BatchProgress, "done" | "photos"> & { readonly exitCode: number });

/** Runs a batch and shows how far it is; a stop that was asked for is an outcome. */
async function runWithProgress(options: Parameters<typeof runBatch>[0]): Promise<RunOutcome> {
  const progress = new Progress();
  const interrupts = catchInterrupts(() =>
    progress.note("stopping after the photos under way; once more to stop at once"),
  );
  const { signal } = interrupts;
  let start: number | undefined;
  let last = { done: 0, photos: 0 };
  let skipped = 0;
  try {
    const result = await runBatch({
      ...options,
      signal,
      onSkip: () => skipped++,
      onProgress(now) {
        last = now;
        start ??= performance.now();
        const speed = (now.own - 1) / ((performance.now() - start) / 1000);
        const facts = [
          ...(speed > 0 ? [`${speed.toFixed(1)} a second`] : []),
          ...(speed > 0 ? [`${formatDuration((now.photos - now.done) / speed)} left`] : []),
          ...(now.errors > 0 ? [`${now.errors} with errors`] : []),
        ];
        progress.update("photos", now.done, now.photos, facts.join(", "));
      },
    });
    if (skipped > 0) log(`passed over ${plural(skipped, "file")} of other kinds`);
    return { ...result, seconds: start === undefined ? 0 : (performance.now() - start) / 1000 };
  } catch (error) {
    if (!signal.aborted) throw error;
    return { ...last, exitCode: interrupts.exitCode() };
  } finally {
    progress.end();
    interrupts.release();
  }
}

function rate(photos: number, seconds: number): string {
  return photos > 1 && seconds > 0 ? `, ${((photos - 1) / seconds).toFixed(1)} a second` : "";
}
