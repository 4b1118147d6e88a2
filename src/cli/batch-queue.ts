import { type BatchStatus, cancelBatch, watchBatch } from "../batch/status.ts";
import { submitBatch } from "../batch/submit.ts";
import { workOnBatches } from "../batch/work.ts";
import { formatTable } from "../format-table.ts";
import { plural } from "../plural.ts";
import type { Command } from "./arguments.ts";
import { batchOptions, concurrency, queue, typedBatch, typedQueue } from "./batch-options.ts";
import { catchInterrupts } from "./interrupt.ts";
import { flag, help, integer, json, text, threads } from "./options.ts";
import { formatDuration, log } from "./output.ts";
import { Progress } from "./progress.ts";

const name = text("name", "JOB", "What the job is called: letters, digits, dots, hyphens, underscores");
const untilEmpty = flag("until-empty", "End when the queue has nothing to do, instead of waiting for more");
const lock = integer(
  "lock",
  "SECONDS",
  { min: 1, max: 3600 },
  "Time after which the chunk of a worker that died is given to another (default 30)",
);
const watch = flag("watch", "Show it again and again until the job is done");
const SERVER_NOTE =
  "The server is Redis 6.2 or newer, or Valkey, best with its append-only file on. Its password is best given in LIGHTSEG_QUEUE.";

export const batchSubmit: Command = {
  name: "batch submit",
  summary: "Puts a batch on a queue, for workers on any number of machines.",
  operands: { name: "[SOURCE]", min: 0, max: 1 },
  options: [queue, name, ...batchOptions, json, help],
  notes: ["SOURCE and TARGET are those of lightseg batch run; all workers must reach them.", SERVER_NOTE],
  examples: [
    "lightseg batch submit s3://shop/photos --out s3://shop/classes --queue redis://queue:6379 --name shop",
  ],
  async run(args, print) {
    const job = args.require(name);
    const options = { ...typedBatch(args), queue: typedQueue(args), name: job };
    const submitted = await submitBatch(options);
    const { photos } = submitted.job;
    print(`${job}: ${plural(photos, "photo")}, ${plural(submitted.chunks, "chunk")} on the queue`);
    return { json: { name: job, photos, chunks: submitted.chunks } };
  },
};

export const batchWork: Command = {
  name: "batch work",
  summary: "Does chunks from a queue until it is stopped.",
  options: [queue, concurrency, threads, lock, untilEmpty, json, help],
  notes: [
    SERVER_NOTE,
    "Ctrl-C and SIGTERM give the chunks under way back to the queue and end the program within the time of a photo. A worker that is killed loses the chunks under way, which others take over.",
  ],
  examples: [
    "lightseg batch work --queue redis://queue:6379",
    "lightseg batch work --concurrency 4 --until-empty",
  ],
  async run(args, print) {
    const url = typedQueue(args);
    const interrupts = catchInterrupts(() =>
      log("stopping after the photos under way; once more to stop at once"),
    );
    try {
      const chunks = await workOnBatches({
        queue: url,
        signal: interrupts.signal,
        concurrency: args.get(concurrency),
        threads: args.get(threads),
        lockSeconds: args.get(lock),
        untilEmpty: args.has(untilEmpty),
        onNote: log,
      });
      print(`${plural(chunks, "chunk")} done`);
      return { json: { chunks }, ...(interrupts.signal.aborted && { exitCode: interrupts.exitCode() }) };
    } finally {
      interrupts.release();
    }
  },
};

export const batchStatus: Command = {
  name: "batch status",
  summary: "Says how far a job is.",
  operands: { name: "JOB", min: 1, max: 1 },
  options: [queue, watch, json, help],
  notes: ["Exit code 1 for a job that failed or was cancelled."],
  examples: ["lightseg batch status shop --watch"],
  async run(args, print) {
    const progress = new Progress();
    const interrupts = catchInterrupts(() => undefined);
    const { signal } = interrupts;
    try {
      const [job = ""] = args.operands;
      let last: BatchStatus | undefined;
      for await (const status of watchBatch({ queue: typedQueue(args), name: job, signal, onNote: log })) {
        last = status;
        if (!args.has(watch)) break;
        progress.update(job, status.done, status.photos, describeSpeed(status));
      }
      progress.end();
      if (last) print(describe(last));
      if (signal.aborted) return { json: { ...last }, exitCode: interrupts.exitCode() };
      return { json: { ...last }, exitCode: last?.state === "failed" || last?.state === "cancelled" ? 1 : 0 };
    } finally {
      progress.end();
      interrupts.release();
    }
  },
};

export const batchCancel: Command = {
  name: "batch cancel",
  summary: "Takes a job off the queue; its results so far stay.",
  operands: { name: "JOB", min: 1, max: 1 },
  options: [queue, json, help],
  examples: ["lightseg batch cancel shop"],
  async run(args, print) {
    const [job = ""] = args.operands;
    const left = await cancelBatch({ queue: typedQueue(args), name: job });
    print(
      `${job} is cancelled; ${plural(left, "chunk is", "chunks are")} not done, which batch submit --resume would do`,
    );
    return { json: { name: job, chunksLeft: left } };
  },
};

function describeSpeed({ photosPerSecond, secondsLeft }: BatchStatus): string {
  if (photosPerSecond === null || secondsLeft === null) return "";
  return `${photosPerSecond.toFixed(1)} a second, ${formatDuration(secondsLeft)} left`;
}

function describe(status: BatchStatus): string {
  const { name: job, state, target, photos, done, errors, chunks, doneChunks, failed, workers } = status;
  const rows = [
    ["state", state],
    ["photos", `${done} of ${photos}`],
    ["with errors", String(errors)],
    ["chunks", `${doneChunks} of ${chunks}`],
    ["chunks given up", String(failed.length)],
    ["workers on the queue", workers === null ? "-" : String(workers)],
    ["speed", describeSpeed(status) || "-"],
  ];
  const reasons = failed.slice(0, 5).map(({ chunk, reason }) => `  chunk ${chunk}: ${reason}`);
  return [`${job} to ${target}`, formatTable(rows, "  "), ...reasons].join("\n");
}
