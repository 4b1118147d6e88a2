import { expect } from "vitest";
import { type ErrorCode, LightsegError } from "../../src/errors.ts";

/** What `toThrow` is to find: a LightsegError with this code, noticed by `where`. */
export function lightsegError(code: ErrorCode, where: string): object {
  return expect.objectContaining({
    name: "LightsegError",
    code,
    details: expect.objectContaining({ where }),
  });
}

export function invalidGraph(where: string): object {
  return lightsegError("INVALID_GRAPH", where);
}

/** The LightsegError that a promise is rejected with, whose message is one line. */
export async function failureOf(action: Promise<unknown>): Promise<LightsegError> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LightsegError)) throw new Error(`expected a LightsegError, got ${error}`);
  expect(error.message).not.toContain("\n");
  return error;
}
