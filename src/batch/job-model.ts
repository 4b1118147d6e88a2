import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { LightsegError } from "../errors.ts";
import { type DtypeRequest, dtypes } from "../model-files/dtype.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { descriptionOf, isQuantized, type RunnableModel } from "../model-files/model.ts";
import { findModelFile, type LoadedModel, loadRunnableModel } from "../model-files/node/load.ts";
import { listShippedModels } from "../model-files/node/shipped.ts";
import { readVersion } from "../node/version.ts";
import type { BatchJob } from "./job.ts";
import type { Storage } from "./storage.ts";

/** A model for a job, and its entry in `job.json`. */
export interface JobModel extends LoadedModel {
  readonly description: BatchJob["model"];
  /** The file to copy to the target, so that every worker finds it; absent for a shipped model. */
  readonly file?: string;
}

/** The model of a batch. */
export interface LoadJobModelOptions {
  /** A shipped model, a model file, or the folder of a training run. Defaults to the default model. */
  readonly model?: string | undefined;
  /** What the network is computed in. Defaults to the fastest that the model has. */
  readonly dtype?: DtypeRequest | undefined;
}

/** Loads the model that a new job is to use. @throws LightsegError as `loadRunnableModel` does */
export async function loadJobModel({
  model = DEFAULT_MODEL,
  dtype,
}: LoadJobModelOptions = {}): Promise<JobModel> {
  const loaded = await loadRunnableModel({ model, ...(dtype && { dtype }) });
  const isFile = !(await listShippedModels()).includes(model);
  const file = isFile ? await findOneFile(model) : undefined;
  const version = await describeVersion(loaded.model);
  const description = {
    name: basename(file ?? model),
    isFile,
    dtype: loaded.dtype,
    version,
    classes: [...loaded.model.classes],
  };
  return { ...loaded, description, ...(file !== undefined && { file }) };
}

/** The model of a job that is gone on with. @param dtype refused by `planJob` where the job has another */
export async function reopenJobModel(
  target: Storage,
  job: BatchJob,
  dtype: DtypeRequest | undefined,
): Promise<JobModel> {
  const named = dtypes.find((known) => known === dtype) ?? job.model.dtype;
  return { ...(await openJobModel(target, job)), description: { ...job.model, dtype: named } };
}

/** The file of a model, which may be the one in a folder. */
async function findOneFile(model: string): Promise<string> {
  const file = await findModelFile(model);
  if (!file.endsWith(".json")) return file;
  throw new LightsegError({
    ...{ code: "INVALID_ARGUMENT", where: "runBatch", argument: "model", value: model },
    rule: "must be one file",
    hint: "lightseg convert FOLDER model.safetensors joins shards",
  });
}

/** Copies a model file to the target; shipped models need no copy. */
export async function storeModel(target: Storage, { description, file }: JobModel): Promise<void> {
  if (file !== undefined) await target.write(modelKey(description), await readFile(file));
}

/**
 * Loads the model of a job on a worker, and makes sure that it is the one that the job was planned with.
 *
 * @throws LightsegError INVALID_WEIGHTS for another model of that name, as another version of lightseg may
 *   ship
 */
export async function openJobModel(target: Storage, { model }: BatchJob): Promise<LoadedModel> {
  const loaded = model.isFile
    ? await loadStored(target, model)
    : await loadRunnableModel({ model: model.name, dtype: model.dtype });
  const version = await describeVersion(loaded.model);
  if (version === model.version) return loaded;
  const rule = `must be version ${model.version}, with which the batch was begun`;
  const hint = "all workers must have the same version of lightseg";
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "openJobModel",
    argument: model.name,
    rule,
    value: version,
    hint,
  });
}

async function loadStored(target: Storage, model: BatchJob["model"]): Promise<LoadedModel> {
  const folder = await mkdtemp(join(tmpdir(), "lightseg-model-"));
  try {
    const path = join(folder, model.name);
    await writeFile(path, await target.read(modelKey(model)));
    return await loadRunnableModel({ model: path, dtype: model.dtype });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function modelKey({ name }: BatchJob["model"]): string {
  return `model/${name}`;
}

async function describeVersion(model: RunnableModel): Promise<string> {
  return `${await readVersion()}+${fingerprint(model)}`;
}

/** The first 12 digits of a SHA-256 of a model's network and weights, whichever file they come from. */
function fingerprint(model: RunnableModel): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(descriptionOf(model)));
  if (isQuantized(model)) return hash.update(model.onnx).digest("hex").slice(0, 12);
  for (const name of [...model.weights.keys()].sort()) {
    const { shape, data } = model.weights.get(name) ?? { shape: [], data: new Float32Array() };
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex").slice(0, 12);
}
