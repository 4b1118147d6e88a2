import { expect, it } from "vitest";
import { startCli } from "./run-cli.ts";

it("--device webgpu without a driver says what to install", async () => {
  const args = ["segment", "examples/chelsea.jpg", "--device", "webgpu"];
  // Vulkan's loader looks for drivers there, and nowhere else.
  const env = { VK_ICD_FILENAMES: "/nonexistent.json" };
  const { code, stderr } = await startCli(args, undefined, env).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(
    "lightseg segment: webgpu must be available: no graphics driver for it was found (install the card's driver",
  );
  expect(stderr).toContain("libvulkan1");
});
