import type { Outcome } from "./arguments.ts";
import { catchInterrupts } from "./interrupt.ts";
import { Progress } from "./progress.ts";

/** What the work of a verb gets that can be stopped. */
export interface Interruptible {
  readonly progress: Progress;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit code after a stop: 130 or 143. */
  exitCode(): number;
}

export interface WithInterruptOptions {
  /** Shown when the user asks for a stop. */
  readonly note: string;
  /** The JSON of stopped work. Defaults to `{ stopped: true }`. */
  readonly stopped?: () => Outcome["json"];
}

/**
 * Does the work of a verb with a progress line and a clean stop: work that throws the signal's reason ends in
 * the outcome `stopped`. A second Ctrl-C ends the program at once.
 */
export async function withInterrupt(
  { note, stopped = () => ({ stopped: true }) }: WithInterruptOptions,
  work: (run: Interruptible) => Promise<Outcome>,
): Promise<Outcome> {
  const progress = new Progress();
  const { signal, exitCode, release } = catchInterrupts(() => progress.note(note));
  try {
    return await work({ progress, signal, exitCode });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    progress.end();
    return { json: stopped(), exitCode: exitCode() };
  } finally {
    progress.end();
    release();
  }
}
