import type { Page } from "playwright-core";
import { expect } from "vitest";
import { callPage } from "./browser.ts";

/** Fails unless a video whose picture changes keeps its old labels with much smoothing, and none without. */
export async function expectSmoothing(
  page: Page,
  { device, way }: { device: string; way: "stream" | "paint" },
): Promise<void> {
  const change = (smoothing: number) =>
    callPage<{ old: number; new: number }>(
      page,
      "changePicture",
      ["/examples/chelsea.jpg", "/examples/astronaut.jpg"],
      { width: 80, height: 60 },
      { device, model: "camvid-ndnet45", way, smoothing },
    );
  const [steady, free] = [await change(0.999), await change(0)];
  expect(steady.old).toBeGreaterThan(0.98);
  expect(steady.new).toBeLessThan(0.9);
  expect(free.new).toBeGreaterThan(0.98);
  expect(free.old).toBeLessThan(0.9);
}
