import { expect } from "vitest";
import type { ErrorCode } from "../../src/errors.ts";

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
