import { type BatchJob, chunkName, countChunks } from "./job.ts";
import { explainMissing } from "./optional.ts";
import type { Storage } from "./storage.ts";

/**
 * A row of the table: one for each class that was found on a photo, or one alone for a photo with an error.
 */
export interface ResultRow {
  readonly id: string;
  /** The photo's address, without its secrets. */
  readonly source: string;
  /** Size of the photo, in pixels; null for a photo that cannot be read. */
  readonly width: number | null;
  readonly height: number | null;
  readonly model: string;
  readonly modelVersion: string;
  readonly dtype: string;
  readonly label: number | null;
  readonly class: string | null;
  readonly pixels: number | null;
  /** Share of the photo's pixels, 0..1. */
  readonly share: number | null;
  /** Mean softmax probability over the pixels of the class, 0..1; null where it was not asked for. */
  readonly confidence: number | null;
  /** Time from the photo's pixels to its labels; equal in all its rows. */
  readonly milliseconds: number | null;
  /** The key of the label map in the target; null without one. */
  readonly labels: string | null;
  /** The pixels of the class in COCO's compressed form. */
  readonly rle: string | null;
  readonly errorCode: string | null;
  readonly error: string | null;
}

type ColumnType = "STRING" | "INT32" | "DOUBLE";

const columns: readonly (readonly [name: string, key: keyof ResultRow, type: ColumnType])[] = [
  ["id", "id", "STRING"],
  ["source", "source", "STRING"],
  ["width", "width", "INT32"],
  ["height", "height", "INT32"],
  ["model", "model", "STRING"],
  ["model_version", "modelVersion", "STRING"],
  ["dtype", "dtype", "STRING"],
  ["label", "label", "INT32"],
  ["class", "class", "STRING"],
  ["pixels", "pixels", "INT32"],
  ["share", "share", "DOUBLE"],
  ["confidence", "confidence", "DOUBLE"],
  ["milliseconds", "milliseconds", "DOUBLE"],
  ["labels", "labels", "STRING"],
  ["rle", "rle", "STRING"],
  ["error_code", "errorCode", "STRING"],
  ["error", "error", "STRING"],
];

/** Fails early where tables cannot be written. @throws LightsegError DEPENDENCY */
export async function loadParquetWriter() {
  try {
    return await import("hyparquet-writer");
  } catch (cause) {
    throw explainMissing("hyparquet-writer", "tables of results", cause);
  }
}

/**
 * Writes the part of the table that a chunk makes up, in one go: `results/NUMBER.parquet`.
 *
 * It is written after all else of the chunk, so that its being there says that the chunk is done.
 */
export async function writeResults(
  target: Storage,
  index: number,
  rows: readonly ResultRow[],
): Promise<void> {
  const { parquetWriteBuffer } = await loadParquetWriter();
  const columnData = columns.map(([name, key, type]) => ({
    name,
    type,
    nullable: key !== "id",
    data: rows.map((row) => row[key]),
  }));
  await target.write(resultsKey(index), new Uint8Array(parquetWriteBuffer({ columnData })));
}

function resultsKey(index: number): string {
  return `results/${chunkName(index)}.parquet`;
}

/** The numbers of the chunks that have no results yet, in order. */
export async function listMissingChunks(target: Storage, job: BatchJob): Promise<number[]> {
  const done = new Set<string>();
  for await (const { key } of target.list("results/")) done.add(key);
  return Array.from({ length: countChunks(job) }, (_, index) => index).filter(
    (index) => !done.has(resultsKey(index)),
  );
}
