import type { FittedBudget } from "../inference/budget.ts";
import type { Dtype, DtypeChoice } from "../model-files/dtype.ts";
import type { ModelDescription } from "../model-files/model.ts";
import { countThreads, runOnDevice } from "./choose-device.ts";
import { findSource } from "./fetch-model.ts";
import type { SegmenterProtocol } from "./protocol.ts";
import type { AssetOptions, Device, LoadOptions, ModelSource } from "./types.ts";
import { withWorker } from "./with-worker.ts";
import type { WorkerClient } from "./worker-client.ts";

/** The page's end of a worker that segments. */
export type SegmenterClient = WorkerClient<SegmenterProtocol>;

/** A worker with a model in it. */
export interface OpenDevice {
  readonly client: SegmenterClient;
  readonly model: ModelDescription;
  readonly dtype: Dtype;
  readonly device: Device;
  /** Why it is this device. */
  readonly note: string;
  /** What a budget came to, where there is one. */
  readonly fitted: FittedBudget | undefined;
}

export interface OpenDeviceOptions
  extends AssetOptions,
    Pick<LoadOptions, "threads" | "maxPixels" | "budget" | "signal" | "onProgress" | "onNote"> {
  readonly device: "auto" | Device;
  readonly dtype: DtypeChoice;
}

/**
 * Starts a worker on the device that was asked for and gives it the model.
 *
 * @throws LightsegError RUNTIME if that device does not work, WORKER_FAILED if its worker does not start,
 *   NOT_FOUND for a file that is missing, INVALID_WEIGHTS for a model that cannot be read
 */
export async function openDevice(source: ModelSource, options: OpenDeviceOptions): Promise<OpenDevice> {
  const { dtype, threads, maxPixels, budget } = options;
  const where = "Segmenter.load";
  const found = await findSource(source, { ...options, where, int8: dtype === "int8" });
  return runOnDevice({ ...options, where }, (device, note) =>
    withWorker<SegmenterProtocol, OpenDevice>(
      { ...options, device, found, where: "segment", role: "worker" },
      async ({ client, file: { name, bytes }, engine }) => {
        const run = { threads: countThreads(threads), maxPixels, budget };
        const opened = await client.ask("open", { model: bytes, name, dtype, engine, options: run });
        return { client, ...opened, device, note };
      },
    ),
  );
}
