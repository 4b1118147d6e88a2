import { LightsegError, messageOf } from "../errors.ts";
import type { TensorData } from "./session.ts";

/** The error for a failure of the engine. */
export function engineError(message: string, cause?: unknown): LightsegError {
  const rule = `failed: ${message}`;
  return new LightsegError({ code: "RUNTIME", where: "session", argument: "engine", rule, cause });
}

/** Waits for the engine. @throws LightsegError RUNTIME for what the engine throws */
export function engineResult<T>(result: Promise<T>): Promise<T> {
  return result.catch((cause: unknown) => {
    throw cause instanceof LightsegError ? cause : engineError(messageOf(cause), cause);
  });
}

/** Checks that every output is there. @throws LightsegError RUNTIME */
export function requireOutputs<Name extends string>(
  values: Readonly<Record<string, TensorData>>,
  names: readonly Name[],
): Record<Name, TensorData> {
  if (hasAll(values, names)) return values;
  throw engineError(`outputs ${names.filter((name) => !(name in values)).join(", ")} are missing`);
}

function hasAll<Name extends string>(
  values: Readonly<Record<string, TensorData>>,
  names: readonly Name[],
): values is Record<Name, TensorData> {
  return names.every((name) => name in values);
}
