import { setTimeout as wait } from "node:timers/promises";

/** Waits for some milliseconds. @throws the signal's reason, as soon as it is aborted */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, signal && { signal });
  } catch (error) {
    // Node's own error holds the reason as its cause.
    signal?.throwIfAborted();
    throw error;
  }
}
