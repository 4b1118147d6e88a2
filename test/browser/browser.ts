import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import type { TestServer } from "./server.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why there is no browser to test in; undefined if there is one. */
export const missingBrowser = existsSync(executablePath)
  ? undefined
  : `there is no ${executablePath}: name a Chromium in the variable CHROMIUM`;

/**
 * Chromium's own Vulkan driver, SwiftShader. With Debian's Vulkan loader (ffmpeg brings it) Chromium uses
 * that one, which finds no driver unless it is told of one.
 */
function findSwiftShader(): string | undefined {
  const folders = [dirname(realpathSync(executablePath)), "/usr/lib/chromium"];
  return folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find(existsSync);
}

/**
 * Starts Chromium without a window, with WebGPU in software.
 *
 * @param camera a clip (Y4M) that its camera sees, over and over
 */
export function startBrowser({ camera }: { camera?: string } = {}): Promise<Browser> {
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    // Canvases of WebGPU need the rest of the graphics on the same device.
    ...[
      "--enable-features=Vulkan",
      "--use-vulkan=swiftshader",
      "--use-angle=vulkan",
      "--enable-unsafe-swiftshader",
    ],
    // Memory is measured when it is asked for, not when garbage is collected next.
    "--enable-blink-features=ForceEagerMeasureMemory",
    ...(camera === undefined
      ? []
      : [
          "--use-fake-ui-for-media-stream",
          "--use-fake-device-for-media-stream",
          `--use-file-for-fake-video-capture=${camera}`,
        ]),
  ];
  const driver = findSwiftShader();
  const env = { ...process.env, ...(driver !== undefined && { VK_ICD_FILENAMES: driver }) };
  return chromium.launch({ executablePath, args, env });
}

/** Opens the test page, with what goes wrong in it on the terminal. */
export async function openPage({ browser, server }: { browser: Browser; server: TestServer }): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => console.error("page:", error.message));
  page.on("console", (message) => {
    if (message.type() === "error") console.error("page:", message.text());
  });
  await page.goto(`${server.origin}/test/browser/page.html`);
  await page.waitForFunction("'isIsolated' in globalThis");
  return page;
}

/** Calls a function of `page.js`, whose arguments and result are plain values. */
export function callPage<Result>(page: Page, name: string, ...args: unknown[]): Promise<Result> {
  return page.evaluate(`${name}(...${JSON.stringify(args)})`);
}

/** A raw picture or label map as a plain value, its bytes in base64. */
export function sendable({ width, height, data }: { width: number; height: number; data: Uint8Array }) {
  return { width, height, data: Buffer.from(data).toString("base64") };
}
