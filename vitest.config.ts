import { configDefaults, defineConfig } from "vitest/config";

/** Rooms whose tests change nothing that other files see: no mocks, no environment. Files share a process. */
const shared = [
  "datasets",
  "evaluation",
  "graph/rewrite",
  "graph/onnx",
  "html",
  "images",
  "quantization",
  "report",
  "runs",
  "training",
  "weights",
].map((room) => `test/${room}/**/*.test.ts`);

const settings = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // Every file that runs the engine uses both cores already.
    maxWorkers: 2,
    projects: [
      { test: { ...settings, name: "shared", include: shared, isolate: false } },
      {
        test: {
          ...settings,
          name: "apart",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...shared],
        },
      },
    ],
  },
});
