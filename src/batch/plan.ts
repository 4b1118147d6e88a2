import { isAbsolute, relative, sep } from "node:path";
import { checkInteger } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { plural } from "../plural.ts";
import { folderKey, formatAddress, parseAddress, publicAddress } from "./address.ts";
import { type BatchJob, type JobSettings, readJob, writeChunk, writeJob } from "./job.ts";
import { type JobModel, storeModel } from "./job-model.ts";
import type { PhotoEntry } from "./photo-entry.ts";
import { loadParquetWriter } from "./results.ts";
import { type ListPhotosOptions, listPhotos, withoutEnding } from "./source.ts";
import type { Storage } from "./storage.ts";

/** Default number of photos in a chunk. */
export const DEFAULT_CHUNK_SIZE = 100;
/** The results of a chunk are held in memory. */
export const MAX_CHUNK_SIZE = 10_000;

/** Which photos a batch is made of, and how they are divided. */
export interface ChunkOptions extends Omit<ListPhotosOptions, "source"> {
  /**
   * A folder, `s3://bucket/prefix`, one photo, or a list: .txt, .csv, .jsonl or .parquet. A batch that is
   * gone on with knows its own.
   */
  readonly source?: string | undefined;
  /** What the job is called. Defaults to `batch`. */
  readonly name?: string | undefined;
  /** Photos in a chunk, 1 to 10,000. Defaults to 100. */
  readonly chunkSize?: number | undefined;
  /**
   * Whether a batch that the target holds is gone on with; refused by default. What is left out then stays as
   * it was, and what is given must be the same.
   */
  readonly resume?: boolean | undefined;
}

/** Options of `planJob`. */
export interface PlanOptions extends ChunkOptions {
  readonly target: Storage;
  readonly model: JobModel;
  readonly settings: JobSettings;
}

/**
 * Writes down which photos make up which chunk, so that a restart has the same chunks even if the source has
 * changed; or takes up the plan that is there.
 *
 * @throws LightsegError INVALID_RUN if the target holds a batch and `resume` is off, or one that was begun
 *   with other settings
 */
export async function planJob(options: PlanOptions): Promise<BatchJob> {
  const { target, model, name = "batch", settings, chunkSize = DEFAULT_CHUNK_SIZE } = options;
  checkInteger(chunkSize, "runBatch", "chunkSize", 1, MAX_CHUNK_SIZE);
  await loadParquetWriter();
  const known = await readJob(target);
  if (known) {
    checkSame(known, options);
    return known;
  }
  const from = options.source;
  if (from === undefined)
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "planJob",
      argument: "source",
      rule: "must be given: the target holds no batch to go on with",
    });
  let photos = 0;
  let evaluate = false;
  let chunk: PhotoEntry[] = [];
  const flush = async () => {
    await writeChunk(target, Math.floor((photos - 1) / chunkSize), chunk);
    chunk = [];
  };
  const check = settings.keepConfident === null ? undefined : refuseEqualMasks();
  for await (const entry of listPhotos({ ...options, source: from })) {
    check?.(entry.id);
    evaluate ||= entry.mask !== undefined;
    chunk.push(entry);
    photos++;
    if (chunk.length === chunkSize) await flush();
  }
  if (chunk.length > 0) await flush();
  await storeModel(target, model);
  const source = publish(from);
  return writeJob(target, { name, source, photos, chunkSize, model: model.description, settings, evaluate });
}

/** An address as it is written down, without passwords. */
function publish(source: string): string {
  return publicAddress(formatAddress(parseAddress(source)));
}

function checkSame(
  known: BatchJob,
  { resume, source, model, settings, chunkSize, masks }: PlanOptions,
): void {
  if (resume !== true) {
    const rule = `holds a batch of ${plural(known.photos, "photo")}`;
    throw refuse(rule, undefined, "--resume goes on with it; or take another target");
  }
  const asked = {
    source: source === undefined ? known.source : publish(source),
    ...model.description,
    chunkSize: chunkSize ?? known.chunkSize,
    ...settings,
  };
  const begun = { source: known.source, ...known.model, chunkSize: known.chunkSize, ...known.settings };
  for (const [name, value] of Object.entries(begun)) {
    const other = Object.entries(asked).find(([key]) => key === name)?.[1];
    if (String(other) !== String(value))
      throw refuse(`was begun with ${name} ${value}, and cannot go on with another`, String(other));
  }
  if (masks !== undefined && !known.evaluate)
    throw refuse("was begun without masks, and cannot go on with them", masks);
}

/**
 * Masks have the names of photos without their endings, as data sets do; of `a.jpg` and `a.png` one would be
 * lost.
 */
function refuseEqualMasks(): (id: string) => void {
  const names = new Set<string>();
  return (id) => {
    const name = withoutEnding(id);
    if (names.has(name)) throw refuse(`would have one mask for two photos of the name ${name}`);
    names.add(name);
  };
}

/** @throws LightsegError INVALID_ARGUMENT if results would become photos of the next batch */
export function checkApart(source: string, target: string): void {
  const from = parseAddress(source);
  const to = parseAddress(target);
  const inside =
    from.kind === "folder" && to.kind === "folder"
      ? isWithin(from.path, to.path)
      : from.kind === "s3" &&
        to.kind === "s3" &&
        from.bucket === to.bucket &&
        folderKey(to.key).startsWith(folderKey(from.key));
  if (!inside) return;
  const rule = "must not lie within the source, whose photos its results would become";
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "planJob",
    argument: "target",
    rule,
    value: target,
  });
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function refuse(rule: string, value?: string, hint?: string): LightsegError {
  return new LightsegError({
    code: "INVALID_RUN",
    where: "planJob",
    argument: "the target",
    rule,
    value,
    hint,
  });
}
