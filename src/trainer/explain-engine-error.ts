import { LightsegError } from "../errors.ts";
import { isOutOfMemory } from "../runtime/engine-error.ts";
import type { StageConfig } from "../training/config.ts";
import { fittingSettings, gigabytes, type StepMemory } from "./memory.ts";

export interface EngineErrorContext {
  /** What a step takes, where the stage was begun. */
  readonly step?: { readonly memory: StepMemory; readonly stage: StageConfig };
  /** The last checkpoint. */
  readonly file: string;
  /** Steps done in the last checkpoint; 0 where there is none. */
  readonly saved: number;
}

/**
 * Says what to do about an error of the engine in a training step: which crop or batch takes half of the
 * memory where that was short, and how to go on where a device was lost. Other errors stay as they are.
 */
export function explainEngineError(error: unknown, { step, file, saved }: EngineErrorContext): unknown {
  if (!(error instanceof LightsegError)) return error;
  const { details } = error;
  if (error.code === "DEVICE_LOST") {
    const kept = saved > 0 ? [`${file} has step ${saved}, from which --resume goes on`] : [];
    return new LightsegError({ ...details, where: "train", hint: [details.hint, ...kept].join("; ") });
  }
  if (!isOutOfMemory(error) || !step) return error;
  const { memory, stage } = step;
  const fitting = fittingSettings(memory, stage, memory.fixed + memory.varying / 2);
  const smaller =
    fitting.length > 0 ? `${fitting.join(" or ")} takes half of that` : "take a smaller network";
  const kept = saved > 0 ? [`a new run can begin with --weights ${file}, of step ${saved}`] : [];
  return new LightsegError({
    ...details,
    where: "train",
    argument: "crop",
    rule: `must fit into the memory of the device: a step needs about ${gigabytes(memory.varying + memory.fixed)}, and the engine ${details.rule}`,
    value: `${stage.crop.join("x")}, batch ${stage.batch}`,
    hint: [smaller, ...kept].join("; "),
  });
}
