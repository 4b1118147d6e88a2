import { LightsegError } from "../errors.ts";

/** The error of a graph that cannot be built: INVALID_GRAPH, with the function that noticed it. */
export function invalidGraph(
  where: string,
  argument: string,
  rule: string,
  value?: unknown,
  hint?: string,
): LightsegError {
  return new LightsegError({ code: "INVALID_GRAPH", where, argument, rule, value, hint });
}
