/** Exit codes after signals, as shells have them. */
export const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first Ctrl-C or SIGTERM asks for a clean stop; from then on they do what they usually do, and end the program. */
export function catchInterrupts(onStop: () => void) {
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
