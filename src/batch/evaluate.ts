import { z } from "zod";
import { checkPath } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { ConfusionMatrix } from "../evaluation/confusion-matrix.ts";
import { computeMetrics, type Metrics } from "../evaluation/metrics.ts";
import { plural } from "../plural.ts";
import { parseAddress } from "./address.ts";
import { chunkName, countChunks, readJob, readJson } from "./job.ts";
import { openStorage } from "./open-storage.ts";
import { listMissingChunks } from "./results.ts";

/** What `evaluateBatch` measured. */
export interface BatchEvaluation extends Metrics {
  /** Names, in the order of the measures. */
  readonly classes: readonly string[];
  readonly confusion: ConfusionMatrix;
  /** Photos of the batch. Photos with an error count here, and have no pixel in the matrix. */
  readonly photos: number;
}

/**
 * Sums the confusion matrices that workers have left beside their results, one a chunk.
 *
 * @param out the target of a batch that was run with masks
 * @throws LightsegError INVALID_RUN if it is not done, is damaged or had no masks, NOT_FOUND if a matrix is
 *   gone, STORAGE
 */
export async function evaluateBatch(out: string): Promise<BatchEvaluation> {
  checkPath(out, "evaluateBatch", "out", "must be a path or an address");
  const target = await openStorage(parseAddress(out));
  const job = await readJob(target);
  if (!job) throw refuse(out, "holds no batch");
  if (!job.evaluate)
    throw refuse(out, "holds a batch without masks", "run it with --masks, or a list with a column mask");
  const missing = await listMissingChunks(target, job);
  const chunks = countChunks(job);
  if (missing.length > 0)
    throw refuse(out, `lacks ${missing.length} of ${plural(chunks, "chunk")}`, "--resume goes on with it");
  const { classes } = job.model;
  const confusion = new ConfusionMatrix(classes.length);
  for (let index = 0; index < chunks; index++) {
    const counts = await readJson(target, `confusion/${chunkName(index)}.json`, z.array(z.number()));
    for (const [cell, count] of counts.entries())
      confusion.counts[cell] = (confusion.counts[cell] ?? 0) + count;
  }
  return { classes, ...computeMetrics(confusion), confusion, photos: job.photos };
}

function refuse(target: string, rule: string, hint?: string): LightsegError {
  const where = "evaluateBatch";
  return new LightsegError({ code: "INVALID_RUN", where, file: target, argument: "the folder", rule, hint });
}
