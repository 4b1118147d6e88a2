/** The longest time that a run may hold up the end of the program, in milliseconds. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Lets the engine finish before the program ends: `process.exit` in the middle of native code aborts the
 * process.
 *
 * Each side raises its own flag before it reads the other's, so at least one of them sees the other.
 */
export class ExitGuard {
  static readonly #open = new Set<ExitGuard>();
  readonly busy = new Int32Array(new SharedArrayBuffer(4));
  readonly leaving = new Int32Array(new SharedArrayBuffer(4));

  static {
    process.on("exit", () => {
      for (const { leaving } of ExitGuard.#open) Atomics.store(leaving, 0, 1);
      for (const { busy } of ExitGuard.#open) Atomics.wait(busy, 0, 1, LONGEST_WAIT_MS);
    });
  }

  constructor() {
    ExitGuard.#open.add(this);
  }

  release(): void {
    ExitGuard.#open.delete(this);
  }
}
