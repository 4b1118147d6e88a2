import { z } from "zod";
import { checkKeys } from "../check.ts";
import { LightsegError, messageOf } from "../errors.ts";
import { dtypes } from "../model-files/dtype.ts";
import type { PhotoEntry } from "./photo-entry.ts";
import type { Storage } from "./storage.ts";

const JOB_KEY = "job.json";
const FORMAT = 2;

/** How label maps are kept: a palette PNG each, runs in the table, or not at all. */
export const labelForms = ["png", "rle", "none"] as const;

const settingsSchema = z.object({
  /** How label maps are kept: a palette PNG each, runs in the table (RLE), or not at all. */
  labels: z.enum(labelForms),
  /** Measure the mean confidence of each class. */
  confidence: z.boolean(),
  /**
   * Write masks for training instead, with 255 where the confidence is lower than this, 0..1; null for label
   * maps.
   */
  keepConfident: z.number().min(0).max(1).nullable(),
  /** Write an overlay of each photo. */
  overlays: z.boolean(),
  /** Photos on the contact sheet, 0 to 600. */
  samples: z.number().int().min(0).max(600),
});

const jobSchema = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  /** The address of the photos, without credentials. */
  source: z.string(),
  /** Photos in all, and in each chunk but the last. */
  photos: z.number().int(),
  chunkSize: z.number().int(),
  model: z.object({
    /** A shipped model; or the name of a file, which lies in `model/` then. */
    name: z.string(),
    isFile: z.boolean(),
    /** What the network is computed in. */
    dtype: z.enum(dtypes),
    /** Version of lightseg and the start of a SHA-256 of network and weights. */
    version: z.string(),
    classes: z.array(z.string()),
  }),
  settings: settingsSchema,
  /** Whether any photo has a mask, so that the labels are compared with masks. */
  evaluate: z.boolean(),
});

/** Outputs for each photo. */
export type JobSettings = Readonly<z.infer<typeof settingsSchema>>;

/** What a worker needs for a chunk: `TARGET/job.json`. Holds no credentials. */
export type BatchJob = Readonly<z.infer<typeof jobSchema>>;

const defaultSettings: JobSettings = {
  labels: "png",
  confidence: false,
  keepConfident: null,
  overlays: false,
  samples: 0,
};

/**
 * The settings, with those left out as they are in `others`, which are the defaults.
 *
 * @throws LightsegError INVALID_ARGUMENT for wrong ones
 */
export function completeSettings(own: Partial<JobSettings> = {}, others = defaultSettings): JobSettings {
  const where = "runBatch";
  checkKeys(own, settingsSchema.keyof().options, where);
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const { data, error } = settingsSchema.safeParse({ ...others, ...given });
  if (data) return data;
  const [issue] = error.issues;
  const name = String(issue?.path[0]);
  throw new LightsegError({
    ...{ code: "INVALID_ARGUMENT", where, argument: `settings.${name}`, value: given[name] },
    rule: `is not valid: ${issue?.message}`,
  });
}

export function countChunks({ photos, chunkSize }: Pick<BatchJob, "photos" | "chunkSize">): number {
  return Math.ceil(photos / chunkSize);
}

/**
 * The job of a target; undefined where there is none, or where planning one was cut short.
 *
 * @throws LightsegError INVALID_RUN, STORAGE
 */
export function readJob(target: Storage): Promise<BatchJob | undefined> {
  return readJson(target, JOB_KEY, jobSchema).catch((error: unknown) => {
    if (error instanceof LightsegError && error.code === "NOT_FOUND") return undefined;
    throw error;
  });
}

/** Reads a file of a job. @throws LightsegError INVALID_RUN for a damaged one, NOT_FOUND, STORAGE */
export async function readJson<T>(target: Storage, key: string, schema: z.ZodType<T>): Promise<T> {
  const bytes = await target.read(key);
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    const rule = `cannot be read: ${messageOf(cause).replaceAll(/\s+/g, " ")}`;
    throw new LightsegError({ code: "INVALID_RUN", where: "readJob", argument: key, rule, cause });
  }
}

/** Marks the plan as whole; written after all chunks of it. */
export async function writeJob(target: Storage, job: Omit<BatchJob, "format">): Promise<BatchJob> {
  const whole = { format: FORMAT, ...job } as const;
  await target.write(JOB_KEY, toJson(whole));
  return whole;
}

/** The name of a chunk's files: its number, in order of names too. */
export function chunkName(index: number): string {
  return String(index).padStart(8, "0");
}

const entrySchema = z.object({ id: z.string(), source: z.string(), mask: z.string().optional() });

/** Writes the plan of a chunk. It holds whole addresses, signatures included. */
export async function writeChunk(
  target: Storage,
  index: number,
  photos: readonly PhotoEntry[],
): Promise<void> {
  await target.write(`plan/${chunkName(index)}.json`, toJson(photos));
}

/** @throws LightsegError INVALID_RUN, NOT_FOUND, STORAGE */
export function readChunk(target: Storage, index: number): Promise<PhotoEntry[]> {
  return readJson(target, `plan/${chunkName(index)}.json`, z.array(entrySchema));
}

export function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
