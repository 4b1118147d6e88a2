/** Exit codes after signals, as shells have them. */
export const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** A clean stop, asked for by Ctrl-C or SIGTERM. */
export interface Interrupts {
  /** Aborted by the first of them. */
  readonly signal: AbortSignal;
  /** What the program then ends with: 130 or 143; 1 as long as nothing asked for a stop. */
  exitCode(): number;
  /** Gives both their usual effect back. */
  release(): void;
}

/**
 * The first Ctrl-C or SIGTERM asks for a clean stop; from then on they do what they usually do, and end the
 * program.
 */
export function catchInterrupts(onStop: () => void): Interrupts {
  const controller = new AbortController();
  let exitCode = 1;
  const release = () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
  const stop = (name: "SIGINT" | "SIGTERM") => {
    release();
    exitCode = exitCodes[name];
    onStop();
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return { signal: controller.signal, exitCode: () => exitCode, release };
}
