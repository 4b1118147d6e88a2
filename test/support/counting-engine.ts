import { engineError } from "../../src/runtime/engine-error.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession } from "../../src/runtime/session.ts";

/**
 * The CPU's engine, which counts the sessions that hold memory.
 *
 * @param failsAt the number, from 1, of the session for which memory does not suffice
 */
export function countingEngine(failsAt?: number): { open: OpenSession; counts: Counts } {
  const counts = { opened: 0, held: 0 };
  const open: OpenSession = async (model, options) => {
    counts.opened += 1;
    if (counts.opened === failsAt) throw engineError("std::bad_alloc");
    const session = await openNodeSession(model, options);
    counts.held += 1;
    return {
      run: (feeds, outputs, handOver) => session.run(feeds, outputs, handOver),
      state: () => session.state(),
      async dispose() {
        counts.held -= 1;
        await session.dispose();
      },
    };
  };
  return { open, counts };
}

export interface Counts {
  /** Sessions asked for. */
  readonly opened: number;
  /** Sessions opened and not yet freed. */
  readonly held: number;
}
