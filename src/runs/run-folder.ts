import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { LightsegError } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { findShippedWeights } from "../model-files/node/shipped.ts";
import { makeFolder, outputError, removeTemporaryFiles, writeFileAtomically } from "../node/files.ts";
import { readVersion } from "../node/version.ts";
import { parseTrainingConfig, type TrainingConfig, type TrainingOptions } from "../training/config.ts";
import type { LogRecord } from "../training/events.ts";
import type { Checkpoint } from "../training/loop.ts";
import { RANDOM_WEIGHTS } from "../training/settings.ts";
import { BEST_WEIGHTS, RUN_ORIGIN, withWeightFile } from "../weights/node/read.ts";
import { parseJson, readText } from "./read-json.ts";
import { lockRun } from "./run-lock.ts";

/** The files of a run: settings, log, checkpoints. Beginning or resuming locks the folder. */
export class RunFolder implements AsyncDisposable {
  readonly path: string;
  #lock: AsyncDisposable | undefined;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** The newest state; what `--resume` goes on from. */
  get last(): string {
    return join(this.path, "last.safetensors");
  }

  /** The weights with the highest validation mIoU so far. */
  get best(): string {
    return join(this.path, BEST_WEIGHTS);
  }

  get #config(): string {
    return join(this.path, "config.json");
  }

  get #origin(): string {
    return join(this.path, RUN_ORIGIN);
  }

  get #log(): string {
    return join(this.path, "log.jsonl");
  }

  /** @throws LightsegError OUTPUT if the folder holds a run already */
  async refuseRun(): Promise<void> {
    if ((await readText(this.#config)) === undefined) return;
    throw new LightsegError({
      code: "OUTPUT",
      where: "train",
      file: this.path,
      argument: "folder",
      rule: "holds a training run already",
      hint: "go on with --resume, or take another folder",
    });
  }

  /**
   * Makes the folder and stores the settings, and in `origin.json` what else the run began with.
   *
   * @throws LightsegError OUTPUT if it holds a run already or cannot be written
   */
  async begin(
    config: TrainingConfig,
    { warnings = [], device }: { warnings?: readonly string[]; device?: string } = {},
  ): Promise<void> {
    await this.refuseRun();
    await makeFolder(this.path);
    await this.#lockAndTidy();
    const origin = {
      lightseg: await readVersion(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cores: availableParallelism(),
      ...(device !== undefined && { device }),
      began: new Date().toISOString(),
      weightsSha256: await hashWeights(config.weights),
      ...(warnings.length > 0 && { warnings }),
    };
    await writeFileAtomically(this.#origin, toJson(origin));
    await writeFileAtomically(this.#config, toJson(config));
  }

  /** The run's settings. @throws LightsegError if there are none, or others, or the run is locked */
  async resume(options: Partial<TrainingOptions>): Promise<TrainingConfig> {
    const config = await readConfig(this.#config);
    if (config === undefined) {
      throw new LightsegError({
        code: "NOT_FOUND",
        where: "train",
        file: this.path,
        argument: "folder",
        rule: "holds no training run to resume",
        hint: "leave --resume out to begin one",
      });
    }
    await this.#lockAndTidy();
    const own = new Map<string, unknown>(Object.entries(config));
    for (const [name, other] of Object.entries(parseTrainingConfig({ ...config, ...options }))) {
      const value = own.get(name);
      if (isDeepStrictEqual(value, other)) continue;
      throw new LightsegError({
        code: "INVALID_ARGUMENT",
        where: "train",
        argument: name,
        rule: `must stay ${JSON.stringify(value) ?? "unset"} in a resumed run`,
        value: JSON.stringify(other),
        hint: "begin a new run to change it",
      });
    }
    return config;
  }

  /** The device that the run began on; undefined for a run of an early version. */
  async beganOn(): Promise<string | undefined> {
    const text = await readText(this.#origin);
    const origin = text === undefined ? undefined : parseJson(text, { file: this.#origin });
    return isRecord(origin) && typeof origin.device === "string" ? origin.device : undefined;
  }

  async append(record: LogRecord): Promise<void> {
    try {
      await appendFile(this.#log, `${JSON.stringify(record)}\n`);
    } catch (cause) {
      throw outputError(this.#log, cause);
    }
  }

  /** Drops what is done again from a checkpoint on: later steps, a validation, a half-written line. */
  async rewindLog({ step, validationDue }: Pick<Checkpoint, "step" | "validationDue">): Promise<void> {
    const lines = ((await readText(this.#log)) ?? "").split("\n");
    const kept = lines.filter((line) => {
      try {
        const record: unknown = JSON.parse(line);
        if (!isRecord(record)) return false;
        const isRepeated = validationDue && record.kind === "validation" && record.step === step;
        return Number(record.step) <= step && !isRepeated;
      } catch {
        return false;
      }
    });
    await writeFileAtomically(this.#log, kept.map((line) => `${line}\n`).join(""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock?.[Symbol.asyncDispose]();
  }

  /** Locks the folder. Temporary files found then are those of a killed run. */
  async #lockAndTidy(): Promise<void> {
    this.#lock = await lockRun(this.path);
    await removeTemporaryFiles(this.path);
  }
}

/**
 * The settings in a `config.json`; undefined if there is no such file.
 *
 * @throws LightsegError INVALID_RUN if it holds anything else, NOT_FOUND if it cannot be read
 */
export async function readConfig(path: string): Promise<TrainingConfig | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  return parseTrainingConfig(parseJson(text, { file: path }), {
    where: "readConfig",
    file: path,
    code: "INVALID_RUN",
  });
}

/** @param weights as the settings have them: a shipped name, a path, or none */
async function hashWeights(weights: string | undefined): Promise<string | null> {
  if (weights === undefined || weights === RANDOM_WEIGHTS) return null;
  const shipped = await findShippedWeights(weights);
  if (shipped) return shipped.sha256;
  const hash = createHash("sha256");
  // A folder stands for the one file in it; of weights in several files, their index is taken.
  const file = await withWeightFile(weights, (_, path) => path);
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
