import { requireOutputs } from "../../src/runtime/engine-error.ts";
import type { Feeds, Session, TensorData } from "../../src/runtime/session.ts";

/** A session whose runs are a function of the test's own. */
export function fakeSession(
  run: (
    feeds: Feeds,
    outputs: readonly string[],
  ) => Record<string, TensorData> | Promise<Record<string, TensorData>>,
): Session {
  return {
    run: async (feeds, outputs) => requireOutputs(await run(feeds, outputs), outputs),
    state: async () => ({}),
    dispose: async () => undefined,
  };
}
