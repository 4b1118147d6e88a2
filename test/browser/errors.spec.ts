import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callPage, missingBrowser, openPage } from "./browser.ts";
import { startServer, type TestServer } from "./server.ts";
import { useBrowser } from "./use-browser.ts";

describe.skipIf(missingBrowser)(`errors in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let plain: TestServer;
  let other: TestServer;

  beforeAll(async () => {
    plain = await startServer({ isolated: false });
    other = await startServer({ isolated: false, others: "show" });
  });
  afterAll(async () => {
    await plain?.close();
    await other?.close();
  });

  async function call<Result>(server: TestServer, name: string, ...args: unknown[]): Promise<Result> {
    const page = await openPage({ browser: shared.browser, server });
    try {
      return await callPage<Result>(page, name, ...args);
    } finally {
      await page.context().close();
    }
  }

  it.each(["isolated", "plain"])(
    "say what must not be read and what is no picture, on a page that is %s",
    async (kind) => {
      const server = kind === "plain" ? plain : shared.server;
      const errors = await call<string[]>(server, "segmentForbidden", `${other.origin}/examples/coffee.jpg`);
      expect(errors).toEqual([
        expect.stringMatching(/^RUNTIME: fetch: http:.* could not be fetched: .*\(CORS\)/),
        ...Array(3).fill(
          expect.stringMatching(/^INVALID_IMAGE: segment: picture must not be read .*\(CORS\)/),
        ),
        'INVALID_IMAGE: segment: picture must be a picture, got "Null"',
        'INVALID_IMAGE: segment: picture must be a picture, got "Number"',
        'INVALID_IMAGE: segment: picture must be a picture, got "Boolean"',
        'INVALID_IMAGE: segment: picture must be a picture, got "HTMLBodyElement"',
        'INVALID_IMAGE: segment: photo must have width, height and data, got "Object"',
      ]);
    },
  );

  it("name options that there are not, and values that they do not have", async () => {
    const wrong = [{ device: "cuda" }, { dtype: "fp64" }, { modelBase: "/models" }, { threads: 0 }];
    expect(await call(plain, "loadWrongly", wrong)).toEqual([
      'INVALID_ARGUMENT: Segmenter.load: device must be one of auto, webgpu, wasm, got "cuda"',
      'INVALID_ARGUMENT: Segmenter.load: dtype must be one of auto, fp32, fp16, int8, got "fp64"',
      expect.stringMatching(/^INVALID_ARGUMENT: Segmenter.load: option must be one of .*, got "modelBase"$/),
      "INVALID_ARGUMENT: Segmenter.load: threads must be a whole number from 1 to 256, got 0",
    ]);
  });

  it("end all calls with WORKER_FAILED where a worker does not start, or ends", async () => {
    const missing = await call<string[]>(plain, "loadFailing", "/nowhere.js");
    expect(missing).toEqual([
      expect.stringMatching(/^WORKER_FAILED: .* its file could not be loaded \(are the files/),
    ]);
    const failing = await call<string[]>(plain, "loadFailing", "/test/browser/failing-worker.js");
    expect(failing).toHaveLength(2);
    for (const error of failing)
      expect(error).toMatch(/^WORKER_FAILED: segment: worker failed: .*on purpose$/);
  });

  it("do not come of the exact address of a worker: exportOnnx finds its own beside it", async () => {
    const page = await openPage({ browser: shared.browser, server: plain });
    const bytes = await page.evaluate<number>(`(async () => {
      const { exportOnnx } = await import("/dist/web.js");
      const model = await (await fetch("/models/camvid-ndnet45.safetensors")).blob();
      return (await exportOnnx(model, { workerUrl: { wasm: "/dist/assets/wasm-worker.js" } })).size;
    })()`);
    await page.context().close();
    expect(bytes).toBeGreaterThan(1e6);
  });

  it("name an engine of another version, which compiles and does not start", async () => {
    const page = await openPage({ browser: shared.browser, server: plain });
    // (module (import "a" "zzz" (func)))
    const header = [0, 97, 115, 109, 1, 0, 0, 0];
    const module = [...header, 1, 4, 1, 96, 0, 0, 2, 9, 1, 1, 97, 3, 122, 122, 122, 0, 0];
    await page.route("**/*.wasm", (route) => route.fulfill({ body: Buffer.from(module) }));
    const error = await page.evaluate<string>(`(async () => {
      const { Segmenter } = await import("/dist/web.js");
      await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
      return await segmenter.segment(new ImageData(64, 48)).then(() => "none", (error) => error.code + " " + error.message);
    })()`);
    await page.context().close();
    expect(error).toMatch(/^RUNTIME session: engine must be the engine of this version .*Import #0/);
  });

  it("a lost graphics card is opened again, with a note", async () => {
    const { labels, notes } = await call<{ labels: number[]; notes: string[] }>(
      shared.server,
      "loseDevice",
      "/test/browser/losing-worker.js",
    );
    expect(labels).toEqual([64 * 48, 64 * 48]);
    expect(notes).toEqual([expect.stringMatching(/^the graphics card was lost, and opened again: WebGPU/)]);
  });
});
