import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/browser/*.spec.ts"],
    // A network in one thread on a software GPU takes its time.
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // So does a page to paint, and Chromium to end threads that wait for work.
    expect: { poll: { timeout: 60_000 } },
    // One browser at a time.
    fileParallelism: false,
  },
});
